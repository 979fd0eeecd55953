"""A search's results for a terminal."""

from collections import Counter
from typing import TYPE_CHECKING

from hwcodesign.explore.cost import worst
from hwcodesign.explore.engine import Engine, feasible
from hwcodesign.explore.front import front
from hwcodesign.explore.results import Point, Results
from hwcodesign.explore.study import TRAINED, Study

if TYPE_CHECKING:
    from rich.console import Group

SHOWN = 40


def table(study: Study, results: Results, everything: bool = False) -> "Group":
    """The front with all figures, and below it how far the search is, what was left out and how the rungs agree.

    `everything`: all points, each with why it is not in the front.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Group
    from rich.markup import escape
    from rich.table import Table

    names = list(dict.fromkeys([*study.objectives, *TRAINED, "frame_rate", "latency_ms", "block_ram", "lut", "dsp"]))
    names = [name for name in names if any(name in point.figures for point in results.points)]
    title = f"{study.name}: {'every point' if everything else 'the front'}"
    shown = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    shown.add_column("point", justify="right")
    keys = list(study.space)
    short = {key: key.split(".", 1)[1] for key in keys}
    for key in keys:
        twice = list(short.values()).count(short[key]) > 1
        shown.add_column(escape(key if twice else short[key]), justify="right", overflow="fold")
    for name in names:
        shown.add_column(f"[bold]{name}[/]" if name in study.objectives else name, justify="right")
    if everything:
        shown.add_column("", overflow="fold")
        ordered = list(results.points)
    else:
        ordered = results.best_first(study.objectives[0])[:SHOWN]
    for point in ordered:
        cells = [escape(str(point.params[key])) for key in keys]
        verdict = [escape(point.excluded) or ("front" if point.in_front else "")] if everything else []
        shown.add_row(str(point.number), *cells, *(figure(name, point) for name in names), *verdict)
    return Group(shown, *_lines(results, 0 if everything else len(results.front)))


def front_so_far(engine: Engine, step: str) -> str:
    """What one step has found up to now, in a line: how many points are in the front, and the best of each objective.

    An objective that was measured of no point yet is left out; "" as long as no point fits.
    """
    study = engine.study
    found = [t.values for t in engine.finished(engine.step(step)) if feasible(t)]
    if not found:
        return ""
    count = len(front(found, study.directions))
    columns = zip(study.objectives, study.directions, zip(*found, strict=True), strict=True)
    best = {name: (max if direction == "maximize" else min)(column) for name, direction, column in columns}
    ends = [f"{name} {amount(name, value)}" for name, value in best.items() if value != worst(name)]
    return f"front so far: {count} of {len(found):,} that fit; best {', '.join(ends)}"


def figure(name: str, point: Point) -> str:
    """One figure of a point as a person reads it."""
    value = point.figures.get(name)
    return "-" if value is None else amount(name, value)


def amount(name: str, value: float) -> str:
    """So much of an objective as a person reads it."""
    if name in TRAINED:
        return TRAINED[name].shown(value)
    return f"{value:,.3g}" if name in ("latency_ms", "energy_uj") else f"{value:,.0f}"


def _lines(results: Results, front: int) -> list[str]:
    lines = []
    if front > SHOWN:
        lines.append(f"... and {front - SHOWN} more in the front")
    for step, (done, wanted) in results.progress.items():
        lines.append(f"{step}: {done:,} of {wanted:,} points")
    out = [point for point in results.points if point.excluded]
    unfit = sum(point.excluded.startswith("does not fit") for point in out)
    bounds = sum(point.excluded.startswith("outside") for point in out)
    other = [point.excluded for point in out if not point.excluded.startswith(("does not fit", "outside"))]
    rest = len(other)
    lines.append(
        f"left out: {unfit:,} do not fit, {bounds:,} are outside the study's bounds, {rest:,} for other reasons"
    )
    if out and not results.front:
        reason, often = Counter(point.excluded for point in out).most_common(1)[0]
        lines.append(f"no point is left; what most of them lack ({often:,} of {len(out):,}): {reason}")
    elif other:
        reason, often = Counter(other).most_common(1)[0]
        lines.append(f"the most frequent of those other reasons ({often:,} of {rest:,}): {reason}")
    for pair, agreed in results.agreement.items():
        both = f"{agreed.spearman:.2f} (Spearman), {agreed.kendall:.2f} (Kendall)"
        lines.append(f"rank correlation of {pair}: {both} over {agreed.points} points")
    if any("energy_uj" in point.figures for point in results.points):
        lines.append("energy is a model for comparing networks, not a measurement")
    return lines
