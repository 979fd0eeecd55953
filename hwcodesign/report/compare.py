"""Several runs side by side: one line a figure, the best of each line marked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from hwcodesign.core.tasks import TASKS, Metric
from hwcodesign.report.facts import Facts
from hwcodesign.report.html import STYLE, table, text

if TYPE_CHECKING:
    from rich.table import Table

Value = float | str | None


@dataclass(frozen=True)
class Figure:
    """A line: what it is called in words and in JSON, how it is read and written, and which of two values is better."""

    title: str
    key: str
    of: Callable[[Facts], Value]
    form: str | Callable[[float], str] = "{:,.0f}"
    better: Literal["", "more", "less"] = ""

    def shown(self, value: Value) -> str:
        if value is None or isinstance(value, str):
            return value or ""
        return self.form.format(value) if isinstance(self.form, str) else self.form(value)

    def best(self, values: Sequence[Value]) -> Value:
        """The best of several that differ; None if there is none."""
        numbers = [value for value in values if isinstance(value, int | float)]
        if not self.better or len(set(numbers)) < 2:
            return None
        return max(numbers) if self.better == "more" else min(numbers)


def _at(*path: str) -> Callable[[Facts], Any]:
    """The value there in report.json; None where the run has none."""

    def read(facts: Facts) -> Any:
        value: Any = facts.report
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    return read


def _resource(name: str) -> tuple[Figure, Figure]:
    """What the plan takes, and its share of what a design may use."""
    used, usable = _at("check", "used", name), _at("check", "usable", name)

    def share(facts: Facts) -> Value:
        return used(facts) / usable(facts) if usable(facts) else None

    title = name.replace("_", " ") if "_" in name else name.upper()
    return (
        Figure(title, f"check.used.{name}", used, better="less"),
        Figure(f"{title}, of what is usable", f"share.{name}", share, "{:.1%}", better="less"),
    )


def _judged(metric: Metric) -> Figure:
    """What the held-out images tell."""
    value = _at("reference", metric.key)
    return Figure(f"test {metric.title}", f"reference.{metric.key}", value, metric.shown, metric.better)


def _verdict(facts: Facts) -> str:
    if not (simulated := facts.report.get("simulate")):
        return "not simulated"
    failed = simulated.get("failure") or simulated["mismatches"]
    return "NOT PROVEN" if failed else f"{simulated['images']:,} images equal"


def _fits(facts: Facts) -> Value:
    fits = _at("check", "fits")(facts)
    return None if fits is None else "yes" if fits else "NO"


FIGURES = (
    Figure("data", "reference.dataset", _at("reference", "dataset")),
    *(_judged(metric) for task in TASKS.values() for metric in task.test),
    Figure("test images", "reference.images", _at("reference", "images")),
    Figure("in RTL", "verdict", _verdict),
    Figure("hardware layers", "lower.layers", _at("lower", "layers")),
    Figure("board", "check.board", _at("check", "board")),
    Figure("fits", "check.fits", _fits),
    *_resource("lut"),
    *_resource("ff"),
    *_resource("block_ram"),
    *_resource("dsp"),
    Figure("clock planned, MHz", "plan.clock_mhz", _at("plan", "clock_mhz"), "{:g}"),
    Figure("frames per second, core", "plan.planned_frame_rate", _at("plan", "planned_frame_rate"), "{:,.1f}", "more"),
    Figure("frames per second, user", "check.rates.user", _at("check", "rates", "user"), "{:,.1f}", "more"),
    Figure("cycles per frame", "plan.cycles_per_frame", _at("plan", "cycles_per_frame"), better="less"),
    Figure("latency, cycles", "plan.latency_cycles", _at("plan", "latency_cycles"), better="less"),
    Figure("slowest layer", "plan.slowest", _at("plan", "slowest")),
    Figure("clock reached, MHz", "bitstream.fmax_mhz", _at("bitstream", "fmax_mhz"), "{:g}", "more"),
    Figure("training, seconds", "train.seconds", _at("train", "seconds")),
)


def figures_of(runs: Sequence[Facts]) -> list[tuple[Figure, list[Value]]]:
    """Every figure that one of the runs has, with its value in each."""
    lines = [(figure, [figure.of(run) for run in runs]) for figure in FIGURES]
    return [(figure, values) for figure, values in lines if any(value is not None for value in values)]


def document(runs: Sequence[Facts]) -> dict[str, Any]:
    """For JSON: of each figure's key the value in every run, by the run's name."""
    return {figure.key: dict(zip(names(runs), values, strict=True)) for figure, values in figures_of(runs)}


def comparison_table(runs: Sequence[Facts]) -> "Table":
    """For a terminal; the best of a line is green."""
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    shown = Table(box=SIMPLE_HEAD)
    shown.add_column("")
    for name in names(runs):
        shown.add_column(escape(name), justify="right", overflow="fold")
    for figure, values in figures_of(runs):
        best = figure.best(values)
        cells = (escape(figure.shown(value)) for value in values)
        marked = (f"[green]{c}[/]" if best is not None and v == best else c for c, v in zip(cells, values, strict=True))
        shown.add_row(figure.title, *marked)
    return shown


def page(runs: Sequence[Facts]) -> str:
    """The same as one page that opens from a file."""
    rows = []
    for figure, values in figures_of(runs):
        best = figure.best(values)
        cells = (text(figure.shown(value)) for value in values)
        marked = (
            f'<span class="good">{c}</span>' if best is not None and v == best else c
            for c, v in zip(cells, values, strict=True)
        )
        rows.append([text(figure.title), *marked])
    title = text(" and ".join(names(runs)))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>"
        f"<p>The best of a line is green. Tried on hardware: no.</p>{table(['', *names(runs)], rows)}</body></html>\n"
    )


def names(runs: Sequence[Facts]) -> list[str]:
    """A name for each run, with a number where two are called alike."""
    known = [run.name for run in runs]
    return [name if known.count(name) == 1 else f"{name} ({number})" for number, name in enumerate(known, 1)]
