"""A search's results for a terminal."""

from typing import TYPE_CHECKING

from hwcodesign.explore.results import Point, Results
from hwcodesign.explore.study import Study

if TYPE_CHECKING:
    from rich.console import Group

SHOWN = 40


def table(study: Study, results: Results) -> "Group":
    """The front with all figures, and below it how far the search is, what was left out and how the rungs agree."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Group
    from rich.markup import escape
    from rich.table import Table

    names = list(dict.fromkeys([*study.objectives, "accuracy", "frame_rate", "latency_ms", "block_ram", "lut", "dsp"]))
    names = [name for name in names if any(name in point.figures for point in results.points)]
    shown = Table(title=f"{study.name}: the front", title_justify="left", box=SIMPLE_HEAD)
    shown.add_column("point", justify="right")
    keys = list(study.space)
    short = {key: key.split(".", 1)[1] for key in keys}
    for key in keys:
        twice = list(short.values()).count(short[key]) > 1
        shown.add_column(escape(key if twice else short[key]), justify="right", overflow="fold")
    for name in names:
        shown.add_column(f"[bold]{name}[/]" if name in study.objectives else name, justify="right")
    ordered = sorted(results.front, key=lambda point: _order(study, point))
    for point in ordered[:SHOWN]:
        cells = [escape(str(point.params[key])) for key in keys]
        shown.add_row(str(point.number), *cells, *(figure(name, point) for name in names))
    return Group(shown, *_lines(results, len(ordered)))


def figure(name: str, point: Point) -> str:
    """One figure of a point as a person reads it."""
    value = point.figures.get(name)
    if value is None:
        return "-"
    if name == "accuracy":
        return f"{100 * value:.2f} %"
    return f"{value:,.3g}" if name in ("latency_ms", "energy_uj") else f"{value:,.0f}"


def _order(study: Study, point: Point) -> float:
    from hwcodesign.explore.study import DIRECTIONS

    first = study.objectives[0]
    value = point.figures.get(first, 0.0)
    return -value if DIRECTIONS[first] == "maximize" else value


def _lines(results: Results, front: int) -> list[str]:
    lines = []
    if front > SHOWN:
        lines.append(f"... and {front - SHOWN} more in the front")
    for step, (done, wanted) in results.progress.items():
        lines.append(f"{step}: {done:,} of {wanted:,} points")
    out = [point for point in results.points if point.excluded]
    unfit = sum(point.excluded.startswith("does not fit") for point in out)
    bounds = sum(point.excluded.startswith("outside") for point in out)
    rest = len(out) - unfit - bounds
    lines.append(
        f"left out: {unfit:,} do not fit, {bounds:,} are outside the study's bounds, {rest:,} for other reasons"
    )
    for pair, (rho, count) in results.agreement.items():
        lines.append(f"rank correlation of {pair}: {rho:.2f} over {count} points (Spearman)")
    if any("energy_uj" in point.figures for point in results.points):
        lines.append("energy is a model for comparing networks, not a measurement")
    return lines
