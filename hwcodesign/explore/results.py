"""What a search has found: its points with all their figures, the front among them, and how the rungs agree."""

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from hwcodesign.explore.engine import Engine, SearchStep, feasible
from hwcodesign.explore.front import front
from hwcodesign.explore.space import Params
from hwcodesign.explore.study import DIRECTIONS, Objective

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial


@dataclass(frozen=True)
class Point:
    """One point. `figures` by objective, that of training from the last rung it reached (`rung`; "": not trained).

    `excluded`: why it is no candidate ("" if it is one). `in_front`: no other candidate is better in everything.
    """

    number: int
    params: Params
    figures: dict[str, float]
    rung: str
    excluded: str
    in_front: bool


class Agreement(NamedTuple):
    """How alike two rungs rank the points that both have trained: Spearman's rho and Kendall's tau-b."""

    spearman: float
    kendall: float
    points: int


@dataclass(frozen=True)
class Results:
    """All points by number, the search's progress by step (finished, wanted), and the rungs' rank correlations."""

    points: tuple[Point, ...]
    progress: dict[str, tuple[int, int]]
    agreement: dict[str, Agreement]  # by "RUNG and RUNG"

    @property
    def front(self) -> list[Point]:
        """The front, by number."""
        return [point for point in self.points if point.in_front]

    def best_first(self, objective: Objective) -> list[Point]:
        """The front, the best of one objective first."""
        worst_last = -1 if DIRECTIONS[objective] == "maximize" else 1
        return sorted(self.front, key=lambda point: worst_last * point.figures.get(objective, 0.0))

    def document(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "points": [asdict(point) for point in self.points],
            "progress": self.progress,
            "rank_correlation": {pair: agreed._asdict() for pair, agreed in self.agreement.items()},
        }


def results_of(engine: Engine) -> Results:
    """Everything that the engine's storage holds now.

    The front is that of the last rung which has candidates: only trainings of one length are compared. A point that a
    later rung left out, for its accuracy or because it diverged there, is none.
    """
    study = engine.study
    told = study.metric.objective
    steps, progress = engine.steps, {}
    trained: dict[str, dict[str, float]] = {}  # by rung and point
    latest: dict[str, FrozenTrial] = {}  # by point
    last: SearchStep = steps[0]
    for index, step in enumerate(steps):
        done = engine.finished(step)
        progress[step.name] = (len(done), engine.wanted(step, index))
        if step.rung:
            trained[step.rung.name] = {_key(t.params): t.user_attrs[told] for t in done if told in t.user_attrs}
        latest |= {_key(t.params): t for t in done}
        if any(feasible(t) for t in done):
            last = step
    compared = [t for t in engine.finished(last) if feasible(latest[_key(t.params)])]
    chosen = {_key(compared[i].params) for i in front([t.values for t in compared], study.directions)}
    points = []
    for trial in engine.finished(steps[0]):
        key = _key(trial.params)
        rung, figures = "", dict(trial.user_attrs["cost"]["figures"])
        for name, values_by_point in trained.items():
            if key in values_by_point:
                rung, figures[told] = name, values_by_point[key]
        excluded = _excluded(latest[key])
        points.append(Point(trial.number, dict(trial.params), figures, rung, excluded, key in chosen))
    return Results(tuple(points), progress, agreements(trained))


def _excluded(trial: "FrozenTrial") -> str:
    attributes = trial.user_attrs
    return str(attributes.get("failed") or excluded_by(attributes["cost"], trial.constraints))


def excluded_by(cost: Mapping[str, Any], constraints: Mapping[str, float]) -> str:
    """Why a point is no candidate, from its cost's document and its constraints; "" if it is one."""
    if cost["refused"]:
        return str(cost["refused"])
    over = [name for name, value in constraints.items() if value > 0]
    if "fits" in over:
        worst = max(cost["excess"], key=cost["excess"].get)
        return f"does not fit: {worst} at {1 + cost['excess'][worst]:.0%} of its limit"
    return f"outside the study's bounds: {', '.join(over)}" if over else ""


def agreements(trained: Mapping[str, Mapping[Any, float]]) -> dict[str, Agreement]:
    """Of each rung (or seed) with the one before, from its points' accuracies; none of fewer than three points, or
    where all are equal.
    """
    from scipy.stats import kendalltau, spearmanr

    names, found = list(trained), {}
    for before, after in itertools.pairwise(names):
        both = sorted(trained[before].keys() & trained[after].keys())
        if len(both) >= 3:
            pairs = [trained[before][key] for key in both], [trained[after][key] for key in both]
            if all(len(set(values)) > 1 for values in pairs):
                rho, tau = (float(correlated(*pairs).statistic) for correlated in (spearmanr, kendalltau))
                found[f"{before} and {after}"] = Agreement(rho, tau, len(both))
    return found


def _key(params: Params) -> str:
    return repr(sorted(params.items()))
