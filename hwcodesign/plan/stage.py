"""The stage plan."""

from pathlib import Path

from hwcodesign.core.run_folder import Stage, Summary
from hwcodesign.dataflow import Dataflow
from hwcodesign.graph.digest import GRAPH, SOURCE, graph_digest
from hwcodesign.job import Job

CODE = ("plan", "fpga", "kinds", "graph", "dataflow.py")


def plan_stage(job: Job) -> Stage:
    """Writes the plan: the design with its FIFOs, foldings and memories."""
    lowered, hardware = job.run.stage("lower"), job.hardware

    def work(folder: Path) -> Summary:
        from hwcodesign.plan import plan
        from hwcodesign.plan.buffer_sizing import shrunk

        graph = Dataflow.load(lowered)
        made = shrunk(plan(graph, job.board, **hardware.wishes()), job.board)
        made.save(folder)
        return {**made.summary(), SOURCE: graph_digest(graph), GRAPH: graph_digest(made.design)}

    return Stage("plan", (lowered,), [hardware.model_dump(), job.board.model_dump()], work, code=CODE)
