"""The ladder for a terminal."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from hwcodesign.core.tasks import TASKS, Metric
from hwcodesign.verify.ladder import LadderRung


def table(rungs: list[LadderRung], origin: str, title: str) -> Table:
    """A row for every rung. `origin` says in words what the images are."""
    made = Table(
        title=f"[bold]{escape(title)}[/]: {escape(origin)}", title_justify="left", box=None, header_style="bold"
    )
    for heading in ("rung", "computed by"):
        made.add_column(heading)
    told = {key for rung in rungs for key in rung.figures}
    metrics = [metric for task in TASKS.values() for metric in task.test if metric.key in told]
    for heading in ("images", *(metric.title for metric in metrics), "other scores", "other class"):
        made.add_column(heading, justify="right")
    made.add_column("first divergence", overflow="fold")
    for rung in rungs:
        made.add_row(f"[bold]{rung.name}[/]", rung.arithmetic, *_cells(rung, metrics))
    return made


def _cells(rung: LadderRung, metrics: Sequence[Metric]) -> tuple[str, ...]:
    if rung.missing:
        return "-", *([""] * (len(metrics) + 2)), f"[yellow]not there: {escape(rung.missing)}[/]"
    return (
        f"{rung.images:,}",
        *(metric.shown(rung.figures[metric.key]) if metric.key in rung.figures else "" for metric in metrics),
        _count(rung.other_scores),
        _count(rung.other_class),
        escape(rung.first_divergence or ""),
    )


def _count(differing: int | None) -> str:
    if differing is None:
        return ""
    return f"[{'yellow' if differing else 'green'}]{differing:,}[/]"
