import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.explore.front import best_fronts, front, hypervolume

DIRECTIONS = ["maximize", "minimize"]
POINTS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12)


def dominates(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a != b and a[0] >= b[0] and a[1] <= b[1]


@given(POINTS)
def test_the_front_is_what_nothing_dominates(points: list[tuple[int, int]]) -> None:
    expected = [i for i, p in enumerate(points) if not any(dominates(other, p) for other in points)]
    assert front(points, DIRECTIONS) == expected


@given(POINTS)
def test_fronts_follow_each_other(points: list[tuple[int, int]]) -> None:
    order = best_fronts(points, DIRECTIONS)
    assert sorted(order) == list(range(len(points)))
    for place, i in enumerate(order):
        assert not any(dominates(points[j], points[i]) for j in order[place + 1 :])


@given(POINTS)
def test_the_hypervolume_is_the_area_that_is_dominated(points: list[tuple[int, int]]) -> None:
    cells = {(x, y) for a, b in points for x in range(a) for y in range(b, 6)}
    assert hypervolume(points, DIRECTIONS, (0, 6)) == len(cells)


def test_ends_come_first_within_a_front() -> None:
    points = [(1, 1), (2, 2), (2.1, 2.1), (5, 5)]
    assert best_fronts(points, DIRECTIONS)[:2] == [3, 0]
    assert np.isclose(hypervolume([], DIRECTIONS, (0, 0)), 0)
