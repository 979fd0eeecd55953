from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.explore.space import Range, choices, count, drawn, merged, plain, point_at, points

VARIED = st.one_of(
    st.lists(st.integers(-9, 9), min_size=1, max_size=3, unique=True),
    st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3, unique=True),
    st.lists(st.lists(st.integers(0, 3), max_size=2), min_size=1, max_size=3),
)
SPACES = st.dictionaries(st.sampled_from(["network.a", "network.b", "data.c"]), VARIED, min_size=1)


@given(SPACES)
def test_points_are_counted_and_found_by_their_place(space: dict[str, Any]) -> None:
    every = list(points(space))
    assert len(every) == count(space)
    assert [point_at(space, i) for i in range(len(every))] == every


@given(SPACES)
def test_a_point_has_the_values_that_the_space_names(space: dict[str, Any]) -> None:
    for varied in space.values():
        assert [plain(varied, value) for value in choices(varied)] == varied


def test_a_range_has_both_its_ends() -> None:
    assert Range(low=8, high=24, step=8).values == (8, 16, 24)
    assert Range(low=0.1, high=0.3, step=0.1).values == (0.1, 0.2, 0.3)


def test_arrays_and_texts_side_by_side_are_found_again() -> None:
    varied = ["conv1", ["conv1", "fire2"], {"a": 1}]
    assert [plain(varied, value) for value in choices(varied)] == varied


@pytest.mark.parametrize("wrong", [{"low": 2, "high": 1}, {"low": 0, "high": 1, "step": 0}])
def test_a_range_that_does_not_rise_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="low <= high"):
        Range(**wrong)


def test_values_go_into_the_recipes_tables_and_leave_the_base_alone() -> None:
    base = {"network": {"family": "squeezenet", "SR": 0.5}}
    space: dict[str, Any] = {"network.SR": [0.25], "network.pool_after": [["conv1"]], "train.epochs": [3]}
    assert merged(base, space, point_at(space, 0)) == {
        "network": {"family": "squeezenet", "SR": 0.25, "pool_after": ["conv1"]},
        "train": {"epochs": 3},
    }
    assert base == {"network": {"family": "squeezenet", "SR": 0.5}}


def test_points_that_are_drawn_are_different_and_the_same_again():
    found = drawn(20, 15, 3)
    assert len(set(found)) == 15
    assert set(found) <= set(range(20))
    assert found == drawn(20, 15, 3) != drawn(20, 15, 4)
    assert sorted(drawn(8, 8, 1)) == list(range(8))
