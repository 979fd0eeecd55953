"""What was found: why a point is out, the last rung's front, and how rungs agree."""

from types import SimpleNamespace

import pytest

from hwcodesign.explore.results import Point, Results, _excluded, _key, agreements


def trial(over: dict[str, float] | None = None, **attributes: object) -> SimpleNamespace:
    cost = {"refused": "", "excess": {"lut": 0.25, "dsp": 0.5}, "figures": {}}
    return SimpleNamespace(user_attrs={"cost": cost, **attributes}, constraints=over or {})


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (trial(), ""),
        (trial({"fits": 0.5}), "does not fit: dsp at 150% of its limit"),
        (trial({"fits": -0.1, "lut 50": 0.2}), "outside the study's bounds: lut 50"),
        (trial(failed="the loss is nan"), "the loss is nan"),
        (trial({"fits": 1.0}, cost={"refused": "no such network", "excess": {}}), "no such network"),
    ],
)
def test_a_point_that_is_no_candidate_says_why(found: SimpleNamespace, why: str) -> None:
    assert _excluded(found) == why  # type: ignore[arg-type]


def test_rungs_agree_by_rank_over_the_points_of_both() -> None:
    short = {"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.9}
    found = agreements({"short": short, "long": {"a": 0.5, "b": 0.6, "c": 0.7}, "last": {"a": 0.1, "b": 0.2}})
    assert found == {"short and long": (pytest.approx(1.0), pytest.approx(1.0), 3)}  # two points say nothing
    swapped = agreements({"short": short, "long": {"a": 0.5, "b": 0.7, "c": 0.6, "d": 0.8}})["short and long"]
    assert (swapped.spearman, swapped.kendall) == (pytest.approx(0.8), pytest.approx(4 / 6))
    assert not agreements({"short": short, "long": dict.fromkeys(short, 0.5)})  # nothing to rank


def test_a_point_is_known_again_whatever_the_order_of_its_keys() -> None:
    assert _key({"a": 1, "b": 2}) == _key({"b": 2, "a": 1}) != _key({"a": 2, "b": 1})


def test_the_front_is_what_is_in_front_and_the_document_holds_all() -> None:
    points = tuple(Point(n, {}, {}, "", "", n == 1) for n in range(3))
    results = Results(points, {"search": (3, 3)}, {})
    assert [point.number for point in results.front] == [1]
    rates = tuple(Point(n, {}, {"frame_rate": rate, "lut": rate}, "", "", True) for n, rate in enumerate((5.0, 9.0)))
    assert [point.number for point in Results(rates, {}, {}).best_first("frame_rate")] == [1, 0]
    assert [point.number for point in Results(rates, {}, {}).best_first("lut")] == [0, 1]
    assert len(results.document()["points"]) == 3 and results.document()["progress"] == {"search": (3, 3)}
