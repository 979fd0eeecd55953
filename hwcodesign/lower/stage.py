"""The stage lower."""

from collections.abc import Callable
from pathlib import Path

from hwcodesign.core import packages
from hwcodesign.core.errors import UserError
from hwcodesign.core.onnx_file import external_files
from hwcodesign.core.run_folder import Stage, Summary
from hwcodesign.dataflow import Dataflow
from hwcodesign.graph.digest import GRAPH, graph_digest
from hwcodesign.job import Job

CODE = ("lower", "kinds", "graph", "dataflow.py")
_ASKED = (
    "{path}: its input has no quantizer, and nothing in the file says what one step of the {type} that the host sends "
    "stands for: say --input-scale 1 if the network takes the integers as they are (pixels of 0 to 255), or "
    "--input-scale 1/255 if it takes pixels of 0 to 1"
)
Proof = Callable[[Dataflow, Path, Path], Summary]


def lower_stage(job: Job, prove: Proof) -> Stage:
    """Writes the graph of hardware layers; `prove(graph, file, folder)` adds to the summary."""

    def work(folder: Path) -> Summary:
        from hwcodesign.lower import lower, one_output

        model = one_output(job.qonnx, job.output, folder) if job.output else job.qonnx
        lowered = lower(model, folder, job.input_type, job.input_scale)
        if job.model and not lowered.scale_told:
            raise UserError(_ASKED.format(path=job.model, type=job.input_type))
        graph = lowered.dataflow
        summary = {"layers": len(graph.layers), **lowered.report, GRAPH: graph_digest(graph)}
        return summary | prove(graph, model, folder)

    settings = [str(job.input_type), job.input_scale, job.output]
    beside = external_files(job.model) if job.model else ()  # our own export keeps everything in one file
    return Stage("lower", (job.qonnx, *beside, *job.reference_files), settings, work, ready=require_packages, code=CODE)


def require_packages() -> None:
    """Raises UserError if one that reads ONNX is not installed."""
    packages.require("onnx", "onnxruntime", "qonnx")
