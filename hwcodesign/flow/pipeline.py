"""Runs the stages of a job one after the other, skips what is current, and stops at the first thing that is wrong."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from hwcodesign.core.errors import UserError, VerificationError, did_you_mean
from hwcodesign.core.run_folder import Stage, Summary
from hwcodesign.core.terminal import plainly
from hwcodesign.export.stage import shipped_export
from hwcodesign.flow.report import Report, of_stages, report_table, write_report
from hwcodesign.flow.stages import PROVEN, stage_names, stage_of
from hwcodesign.job import Job

if TYPE_CHECKING:
    from rich.console import Console


def run_job(job: Job, console: "Console", first: str | None = None, last: str | None = None) -> Report:
    """Run the stages from `first` to `last` (the proof, if not given); those that are current are not run again.

    `first` and what follows it are run again in any case. A job that starts at lower without a training of its own
    takes the trained files that come with its recipe, if there are some. The report is written and shown whatever
    happens; where a stage fails, nothing of those behind it is shown, for it is an earlier run's. Raises
    DoesNotFitError before any training if the recipe does not fit its board (unless the job is forced), and
    VerificationError at the first stage whose result differs from the one before it, or misses its clock.
    """
    names = _selected(job, first, last)
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:  # torchrun started several of us
        if names != ("train",) or first is None:
            raise UserError("torchrun is for hwcodesign train alone; run the other stages without it")
        if int(os.environ["RANK"]) > 0:
            _help_to_train(job)
            return {}
    with job.run.opened("recipe" if job.model is None else "model", plainly(console), job.wait):
        _require_ready(job, names, again=first is not None)
        reached = list(stage_names(job))[: stage_names(job).index(names[0])]  # those before are what it begins from
        try:
            if names[0] == "lower" and _takes_shipped(job):
                _run_stage(job, shipped_export(job), console, again=False)
            for name in names:
                stage = stage_of(job, name)
                summary = _run_stage(job, stage, console, again=first is not None)
                reached.append(name)
                _judge(stage, summary)
        except BaseException:
            with suppress(UserError):  # what failed first is what is told
                _report(job, console, reached)
            raise
        return _report(job, console, None)


def _report(job: Job, console: "Console", stages: list[str] | None) -> Report:
    """Write the report; show it, or what it says of some `stages`."""
    report = write_report(job.run)
    shown = report if stages is None else of_stages(report, stages)
    if shown:
        console.print(report_table(shown, f"[bold]{escape(str(job.run.path))}/report.json[/]"))
    return report


def _require_ready(job: Job, names: tuple[str, ...], again: bool) -> None:
    """Hours of training are not begun for a simulation that has no simulator: ask every stage that is to come."""
    faults = []
    for stage in (stage_of(job, name) for name in names):
        if again or not job.run.is_current(stage):
            try:
                stage.ready()
            except UserError as error:
                faults.append(str(error))
    if faults:
        raise UserError("\n".join(dict.fromkeys(faults)))


def _takes_shipped(job: Job) -> bool:
    return job.shipped is not None and not job.run.finished("train")


def _run_stage(job: Job, stage: Stage, console: "Console", again: bool) -> Summary:
    name = stage.name
    if not again and job.run.is_current(stage):
        summary = job.run.summary(name)
        earlier = job.run.by_earlier_code(stage)
        note = f" (by an earlier version of its code; --from {name} makes it anew)" if earlier else ""
        console.print(f"[dim]{name}: up to date{note}[/]")
        return summary
    stage.gate()
    console.print(f"[bold]{name}[/] ...")
    summary = job.run.execute(stage, plainly(console))
    console.print(f"{name}: {summary['seconds']:.1f} s")
    return summary


def _judge(stage: Stage, summary: Summary) -> None:
    try:
        stage.verdict(summary)
    except VerificationError as error:
        raise VerificationError(f"{stage.name}: {error}") from None


def _help_to_train(job: Job) -> None:
    """As a worker that is not the first: train with the others, and leave the run folder to the first."""
    from hwcodesign.training.loop import train

    assert job.recipe is not None
    with tempfile.TemporaryDirectory() as folder:
        train(job.recipe, job.data_folder, Path(folder), job.device)


def _selected(job: Job, first: str | None, last: str | None) -> tuple[str, ...]:
    names = stage_names(job)
    for option, name in (("--from", first), ("--to", last)):
        if name is not None and name not in names:
            raise UserError(f"{option} {name}: {did_you_mean(name, names)}")
    start = names.index(first) if first else 0
    end = names.index(last) if last else max(start, names.index(PROVEN))
    if start > end:
        raise UserError(f"--from {first} comes after --to {last}: the order is {', '.join(names)}")
    return names[start : end + 1]
