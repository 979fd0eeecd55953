"""A search's results for a terminal: the front in order, and what was left out, counted."""

import io
from types import SimpleNamespace

from rich.console import Console

from hwcodesign.explore.results import Agreement, Point, Results
from hwcodesign.explore.table import figure, front_so_far, table

STUDY = SimpleNamespace(
    name="s", objectives=("accuracy", "lut"), directions=["maximize", "minimize"],
    space={"network.SR": 0, "quantization.SR": 0},
)  # fmt: skip


def point(number: int, accuracy: float, excluded: str = "", in_front: bool = True) -> Point:
    params = {"network.SR": 0.5, "quantization.SR": "[red]"}
    return Point(number, params, {"accuracy": accuracy, "lut": 1234.0}, "long", excluded, in_front)


RESULTS = Results(
    (point(1, 0.5), point(2, 0.9), point(3, 0.1, "does not fit: lut at 120% of its limit", False),
     point(4, 0.2, "outside the study's bounds: lut 50", False), point(5, 0.3, "diverged", False)),
    {"search": (5, 8)}, {"short and long": Agreement(0.75, 0.5, 4)},
)  # fmt: skip


def shown() -> str:
    screen = Console(file=io.StringIO(), width=140)
    screen.print(table(STUDY, RESULTS))  # type: ignore[arg-type]
    return screen.file.getvalue()  # type: ignore[attr-defined]


def test_the_front_alone_is_listed_the_best_first() -> None:
    text = shown()
    assert text.index("90.00 %") < text.index("50.00 %") and "30.00 %" not in text
    assert "network.SR" in text and "quantization.SR" in text and "[red]" in text  # ambiguous keys in full


def test_what_was_left_out_is_counted_by_reason() -> None:
    text = shown()
    assert "left out: 1 do not fit, 1 are outside the study's bounds, 1 for other reasons" in text
    assert "the most frequent of those other reasons (1 of 1): diverged" in text
    assert "search: 5 of 8 points" in text and "short and long: 0.75 (Spearman), 0.50 (Kendall) over 4 points" in text


def test_where_nothing_is_left_the_most_frequent_reason_stands() -> None:
    screen = Console(file=io.StringIO(), width=140)
    out = tuple(point(n, 0.1, reason, False) for n, reason in enumerate(["no network", "too slow", "too slow"]))
    screen.print(table(STUDY, Results(out, {}, {})))  # type: ignore[arg-type]
    assert "what most of them lack (2 of 3): too slow" in screen.file.getvalue()  # type: ignore[attr-defined]


def test_every_point_is_listed_where_that_is_asked_for() -> None:
    screen = Console(file=io.StringIO(), width=200)
    screen.print(table(STUDY, RESULTS, everything=True))  # type: ignore[arg-type]
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "every point" in text and "30.00 %" in text and "lut at 120% of its limit" in text and "front" in text


def test_figures_are_read_as_what_they_are() -> None:
    made = Point(0, {}, {"accuracy": 0.98765, "latency_ms": 0.12345, "lut": 12345.6}, "", "", True)
    assert [figure(name, made) for name in ("accuracy", "latency_ms", "lut", "dsp")] == [
        "98.77 %", "0.123", "12,346", "-",
    ]  # fmt: skip


def test_the_front_so_far_is_one_line_of_what_fits() -> None:
    trials = [((0.5, 10.0), 0.0), ((0.9, 20.0), 0.0), ((0.4, 30.0), 0.0), ((0.99, 1.0), 0.5)]
    made = [SimpleNamespace(values=values, constraints={"fits": over}) for values, over in trials]
    engine = SimpleNamespace(study=STUDY, step=lambda name: name, finished=lambda step: made)
    line = front_so_far(engine, "search")  # type: ignore[arg-type]
    assert line == "front so far: 2 of 3 that fit; best accuracy 90.00 %, lut 10"
    made = [SimpleNamespace(values=(-1.0, lut), constraints={}) for lut in (10.0, 20.0)]  # nothing is trained yet
    assert front_so_far(engine, "search") == "front so far: 1 of 2 that fit; best lut 10"  # type: ignore[arg-type]
    engine.finished = lambda step: []
    assert not front_so_far(engine, "search")  # type: ignore[arg-type]
