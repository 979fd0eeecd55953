"""The stage lower."""

from collections.abc import Callable
from pathlib import Path

from hwcodesign.core.onnx_file import external_files
from hwcodesign.core.run_folder import Stage, Summary
from hwcodesign.dataflow import Dataflow
from hwcodesign.graph.digest import GRAPH, graph_digest
from hwcodesign.job import Job

CODE = ("lower", "kinds", "graph", "dataflow.py")
Proof = Callable[[Dataflow, Path, Path], Summary]


def lower_stage(job: Job, prove: Proof) -> Stage:
    """Writes the graph of hardware layers; `prove(graph, file, folder)` adds to the summary."""

    def work(folder: Path) -> Summary:
        from hwcodesign.lower import lower, one_output

        model = one_output(job.qonnx, job.output, folder) if job.output else job.qonnx
        lowered = lower(model, folder, job.input_type, job.input_scale)
        graph = lowered.dataflow
        summary = {"layers": len(graph.layers), **lowered.report, GRAPH: graph_digest(graph)}
        return summary | prove(graph, model, folder)

    settings = [str(job.input_type), job.input_scale, job.output]
    beside = external_files(job.model) if job.model else ()  # our own export keeps everything in one file
    return Stage("lower", (job.qonnx, *beside, *job.reference_files), settings, work, code=CODE)
