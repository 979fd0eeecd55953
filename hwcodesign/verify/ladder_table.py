"""The ladder for a terminal."""

from rich.markup import escape
from rich.table import Table

from hwcodesign.verify.ladder import LadderRung


def table(rungs: list[LadderRung], origin: str, title: str) -> Table:
    """A row for every rung. `origin` says in words what the images are."""
    made = Table(
        title=f"[bold]{escape(title)}[/]: {escape(origin)}", title_justify="left", box=None, header_style="bold"
    )
    for heading in ("rung", "computed by"):
        made.add_column(heading)
    five = any(rung.top5 is not None for rung in rungs)
    for heading in ("images", "top-1", *(["top-5"] if five else []), "other scores", "other class"):
        made.add_column(heading, justify="right")
    made.add_column("first divergence", overflow="fold")
    for rung in rungs:
        made.add_row(f"[bold]{rung.name}[/]", rung.arithmetic, *_cells(rung, five))
    return made


def _cells(rung: LadderRung, five: bool) -> tuple[str, ...]:
    if rung.missing:
        return "-", "", *([""] if five else []), "", "", f"[yellow]not there: {escape(rung.missing)}[/]"
    return (
        f"{rung.images:,}",
        _percent(rung.top1),
        *([_percent(rung.top5)] if five else []),
        _count(rung.other_scores),
        _count(rung.other_class),
        escape(rung.first_divergence or ""),
    )


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.2f} %"


def _count(differing: int | None) -> str:
    if differing is None:
        return ""
    return f"[{'yellow' if differing else 'green'}]{differing:,}[/]"
