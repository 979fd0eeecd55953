"""The stage emit."""

from dataclasses import asdict
from pathlib import Path

from hwcodesign.core.assets import asset_folder
from hwcodesign.core.run_folder import Stage, Summary
from hwcodesign.graph.digest import SOURCE, graph_digest
from hwcodesign.job import Job

CODE = ("emit", "kinds", "graph", "dataflow.py", "core/interface.py", "core/bit_packing.py")


def emit_stage(job: Job) -> Stage:
    """Writes SystemVerilog and memory images."""
    planned = job.run.stage("plan")

    def work(folder: Path) -> Summary:
        from hwcodesign.emit.top_level import emit
        from hwcodesign.plan import Plan

        made = Plan.load(planned)
        interface = emit(made.design, made.foldings, made.storage, folder)
        return {**asdict(interface), SOURCE: graph_digest(made.design)}

    return Stage("emit", (planned, asset_folder("hls")), None, work, code=CODE)
