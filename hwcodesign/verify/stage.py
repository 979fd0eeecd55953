"""The stage simulate, and the proof that goes with lowering."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hwcodesign.core.assets import asset_folder
from hwcodesign.core.errors import VerificationError
from hwcodesign.core.run_folder import Stage, Summary
from hwcodesign.dataflow import Dataflow
from hwcodesign.job import Job
from hwcodesign.simulate.simulator import require_tools

if TYPE_CHECKING:
    from hwcodesign.verify.images import Images

CODE = ("verify", "simulate", "plan/insert_streams.py", "kinds", "graph", "dataflow.py", "core/tasks")


def simulate_stage(job: Job) -> Stage:
    """Runs the emitted design in RTL and compares every score of every image."""
    lowered, planned, emitted = (job.run.stage(name) for name in ("lower", "plan", "emit"))

    def work(folder: Path) -> Summary:
        from hwcodesign.core.progress import frames_bar
        from hwcodesign.plan import Plan
        from hwcodesign.verify.chain import proven_by, require_chain
        from hwcodesign.verify.proofs import verify_hardware
        from hwcodesign.verify.reference import extremes_for, file_of, scored

        require_chain(job.run)
        made = Plan.load(planned)
        images = images_of(job, made.design)
        if images.scores is None:
            images = scored(images, file_of(job.run), made.design)
        extremes = scored(extremes_for(made), file_of(job.run), made.design)
        with frames_bar("simulate", len(images.frames) + len(extremes.frames)) as on_frames:
            summary = verify_hardware(made, emitted, images, extremes, folder, job.wave, on_frames)
        return {**summary, "proves": proven_by(job.run)}

    given = (job.images,) if job.images else ()
    inputs = (lowered, planned, emitted, asset_folder("sim"), *job.reference_files, *given)
    return Stage(
        "simulate", inputs, [job.frames, job.wave], work, ready=require_tools, verdict=require_equality, code=CODE
    )


def prove_lowering(job: Job, graph: Dataflow, model: Path, folder: Path) -> Summary:
    """Compare a lowered graph with the file `model` that it is of, and with the trained scores where there are some.

    Writes into the stage's `folder`; returns what the report says of it.
    """
    from hwcodesign.core.progress import frames_bar
    from hwcodesign.verify.images import Images
    from hwcodesign.verify.proofs import verify_integers
    from hwcodesign.verify.reference import CHOSEN, compare_with_file

    with frames_bar("the file in float64", CHOSEN) as on_frames:
        by_file = compare_with_file(model, graph, folder, job.model is not None, on_frames)
    if not job.held_out or by_file["mismatches"]:
        return by_file
    images = Images.held_out(job.held_out)
    with frames_bar("integer reference", len(images.frames)) as on_frames:
        return verify_integers(graph, images, on_frames=on_frames)


def images_of(job: Job, graph: Dataflow) -> "Images":
    """The images to run in hardware: the job's own, or a sample of the held-out ones, or random frames.

    An untrained network was exported with few random ones; where more are asked for, all are drawn anew.
    """
    from hwcodesign.verify.images import Images

    if job.images:
        return Images.from_file(job.images, graph).first(job.frames)
    if job.held_out:
        held_out = Images.held_out(job.held_out)
        if job.untrained and job.frames and job.frames > len(held_out.frames):
            return replace(Images.random(graph, job.frames), origin=held_out.origin)
        return held_out.to_simulate(job.frames)
    return Images.random(graph, job.frames)


def require_equality(summary: Summary) -> None:
    """Raise VerificationError if hardware failed its proof, or if any image's scores differ, with where they do."""
    if summary.get("failure"):
        raise VerificationError(summary["failure"])
    if summary.get("mismatches"):
        where = summary.get("first_difference") or "no single stream differs when recorded"
        raise VerificationError(f"{summary['mismatches']} of {summary['images']} images differ\n{where}")
