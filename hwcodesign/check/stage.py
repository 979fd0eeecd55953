"""The stage check, and the gate before training."""

from pathlib import Path

from hwcodesign.core.errors import DoesNotFitError
from hwcodesign.core.run_folder import Stage, Summary
from hwcodesign.dataflow import Dataflow
from hwcodesign.job import Job

CODE = ("check", "plan", "fpga", "kinds", "graph", "dataflow.py")


def check_stage(job: Job) -> Stage:
    """Writes what the plan takes of the board, by layer. It fails for a design that does not fit, unless forced."""
    lowered, planned = job.run.stage("lower"), job.run.stage("plan")

    def work(folder: Path) -> Summary:
        from hwcodesign.check.check import check
        from hwcodesign.check.table import text
        from hwcodesign.plan import Plan

        report = check(Dataflow.load(lowered), Plan.load(planned), job.board, job.hardware.fold)
        report.save(folder)
        if not report.fits and not job.force:
            raise DoesNotFitError(text(report))
        return report.summary()

    return Stage("check", (lowered, planned), [job.board.model_dump(), job.force], work, code=CODE)


def require_fit(job: Job) -> None:
    """The gate before training: raise DoesNotFitError with the whole table if the recipe's network cannot fit.

    A job that is forced may pass.
    """
    from hwcodesign.check.check import check_recipe
    from hwcodesign.check.table import text

    report = None if job.force else check_recipe(job.to_train)
    if report and not report.fits:
        raise DoesNotFitError(f"{text(report)}\n(nothing was trained; --force trains all the same)")
