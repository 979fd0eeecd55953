"""Pareto fronts of points with several objectives, and the hypervolume that measures how good a front is."""

from collections.abc import Sequence

import numpy as np

Directions = Sequence[str]  # "maximize" or "minimize", one an objective


def _smaller_is_better(values: Sequence[Sequence[float]], directions: Directions) -> np.ndarray:
    signs = np.array([-1.0 if direction == "maximize" else 1.0 for direction in directions])
    smaller: np.ndarray = np.asarray(values, dtype=float).reshape(-1, len(directions)) * signs
    return smaller


def front(values: Sequence[Sequence[float]], directions: Directions) -> list[int]:
    """The indices of the points that no other is better than in everything, in their order; equal ones all stay."""
    import moocore

    if not len(values):
        return []
    keep = moocore.is_nondominated(_smaller_is_better(values, directions), keep_weakly=True)
    return [int(i) for i in np.flatnonzero(keep)]


def best_fronts(values: Sequence[Sequence[float]], directions: Directions) -> list[int]:
    """All indices, front after front; within a front the points with most room around them first.

    Of those with equal room, as both ends have, the better ones by the first objective come first. Room is the crowding
    distance of K. Deb et al., A fast and elitist multiobjective genetic algorithm: NSGA-II, 2002.
    """
    left, order = list(range(len(values))), []
    while left:
        chosen = [left[i] for i in front([values[i] for i in left], directions)]
        smaller = _smaller_is_better([values[i] for i in chosen], directions)
        order += [chosen[i] for i in np.lexsort((smaller[:, 0], -_crowding(smaller)))]
        left = [i for i in left if i not in set(chosen)]
    return order


def hypervolume(values: Sequence[Sequence[float]], directions: Directions, reference: Sequence[float]) -> float:
    """The volume between the points and `reference` (in the objectives' own units): 0 if none is better than it."""
    import moocore

    if not len(values):
        return 0.0
    return float(
        moocore.hypervolume(
            _smaller_is_better(values, directions), ref=_smaller_is_better([reference], directions)[0].tolist()
        )
    )


def _crowding(values: np.ndarray) -> np.ndarray:
    room = np.zeros(len(values))
    for column in values.T:
        order = np.argsort(column, kind="stable")
        spread = column[order[-1]] - column[order[0]]
        room[order[0]] = room[order[-1]] = np.inf
        if spread > 0 and len(values) > 2:
            room[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / spread
    return room
