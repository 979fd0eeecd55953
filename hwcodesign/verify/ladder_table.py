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
    for heading in ("images", "top-1", "other scores", "other class"):
        made.add_column(heading, justify="right")
    made.add_column("first divergence", overflow="fold")
    for rung in rungs:
        made.add_row(f"[bold]{rung.name}[/]", rung.arithmetic, *_cells(rung))
    return made


def _cells(rung: LadderRung) -> tuple[str, ...]:
    if rung.missing:
        return "-", "", "", "", f"[yellow]not there: {escape(rung.missing)}[/]"
    top1 = "" if rung.top1 is None else f"{100 * rung.top1:.2f} %"
    return (
        f"{rung.images:,}",
        top1,
        _count(rung.other_scores),
        _count(rung.other_class),
        escape(rung.first_divergence or ""),
    )


def _count(differing: int | None) -> str:
    if differing is None:
        return ""
    return f"[{'yellow' if differing else 'green'}]{differing:,}[/]"
