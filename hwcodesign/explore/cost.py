"""What a point costs, from the planner alone: exact, in milliseconds to seconds, and before any training."""

from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from typing import Any

from hwcodesign.analyze.costs import costs
from hwcodesign.analyze.energy import SRAM_PJ_PER_BYTE, arithmetic_joule, memory_joule
from hwcodesign.check.check import measure
from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Dataflow
from hwcodesign.explore.space import Params
from hwcodesign.explore.study import DIRECTIONS, Study
from hwcodesign.fpga.board import RESOURCES
from hwcodesign.graph.predict import predict
from hwcodesign.nets.network import Network, Quantization
from hwcodesign.plan import plan
from hwcodesign.recipe import Recipe

GRAPHS = 64  # kept: points of one network on other boards and at other rates follow each other
REFUSED = 1e3  # how far beyond the limits a point is that is no network or has no hardware at all


@dataclass(frozen=True)
class Cost:
    """One point on its board.

    `figures` by objective (all but what training tells). `excess`: by resource, what is used over what is usable,
    minus one; the point fits if none is above 0. `refused`: why there is no design of it at all; then there are no
    figures.
    """

    figures: dict[str, float]
    excess: dict[str, float]
    refused: str = ""

    @property
    def fits(self) -> bool:
        return not self.refused and max(self.excess.values()) <= 0

    def document(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


def cost_of(recipe: Recipe) -> Cost:
    """Plan the recipe's network for its board, as `hwcodesign check` does."""
    try:
        board = recipe.hardware.load_board()
        network, quantization = recipe.describe(), recipe.quantization.to_quantization()
        made = plan(_graph(network, quantization), board, **recipe.hardware.wishes())
    except UserError as error:
        return Cost({}, {}, str(error))
    report = measure(made, board)
    total = costs(network, quantization)
    energy = arithmetic_joule(total) + memory_joule(total, SRAM_PJ_PER_BYTE)
    used = {name: getattr(report.total, name) for name in RESOURCES}
    figures = {
        "frame_rate": report.frame_rate,
        "latency_ms": 1e-3 * made.latency_cycles / made.clock_mhz,
        "parameters": total.parameters,
        "operations": total.operations,
        "energy_uj": 1e6 * energy,
        **{name: used[name] for name in ("block_ram", "lut", "ff", "dsp")},
    }
    limits = {name: board.usable[name] for name in RESOURCES}
    excess: dict[str, float] = {
        name: used[name] / limits[name] - 1 if limits[name] else float(used[name]) for name in RESOURCES
    }
    return Cost(figures, excess)


@lru_cache(GRAPHS)
def _graph(network: Network, quantization: Quantization) -> Dataflow:
    return predict(network, quantization)


def cost_at(study: Study, params: Params) -> Cost:
    """The cost of a point, also of one that is no recipe."""
    try:
        return cost_of(study.recipe_at(params))
    except UserError as error:
        return Cost({}, {}, str(error))


def violations(study: Study, cost: Cost, told: float | None = None) -> dict[str, float]:
    """By constraint, how far it is violated (above 0) or kept, relative to its bound.

    The bound of what training tells, such as accuracy, is looked at once there is a value, `told`.
    """
    if cost.refused:
        return {"fits": REFUSED}
    figures = cost.figures | ({} if told is None else {study.metric.objective: told})
    found = {"fits": max(cost.excess.values())}
    for bounds, sign in ((study.at_least, -1.0), (study.at_most, 1.0)):
        for key, bound in bounds.items():
            if key in figures:
                found[f"{key} {bound:g}"] = sign * (figures[key] - bound) / max(abs(bound), 1e-9)
    return found


@cache
def worst(objective: str) -> float:
    """A value that no point has, on the bad side: of a point that was never measured."""
    return -1.0 if DIRECTIONS[objective] == "maximize" else 1e18
