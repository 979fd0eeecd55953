"""Bits per layer: the program's answer is that of trying every combination."""

from itertools import product

import pytest

from hwcodesign.check.suggestions import predicted
from hwcodesign.core.errors import UserError
from hwcodesign.explore.bits import _merged, _Rounded, assign, with_bits
from hwcodesign.fpga.board import load_board
from hwcodesign.fpga.resources import Resources
from hwcodesign.plan import plan
from hwcodesign.plan.choices import choices
from hwcodesign.plan.folding import Target, fast_enough
from hwcodesign.plan.solver import Solver
from hwcodesign.recipe import Recipe, load_recipe

TINY = {
    "data.size": [8, 8],
    "network.fire_modules": 1,
    "network.base_e": 16,
    "network.pool_after": ["conv1"],
    "hardware.board": "icebreaker",
    "hardware.frame_rate": 2000.0,
}
LOSSES = {
    "conv1": {2: 0.5, 4: 0.0},
    "fire2.expand3x3": {2: 0.3, 4: 0.0},
    "conv3": {2: 0.11, 3: 0.1, 4: 0.0},
}


BOARD = load_board("icebreaker")


def recipe(**at_most: int) -> Recipe:
    hardware = {"hardware.at_most": at_most, "hardware.solver_seconds": 100.0}
    return load_recipe("digits-squeezenet", {**TINY, **hardware})


def solved(space, target: Target):
    return Solver(space, Resources(), seconds=60, gap=0.0).cheapest(target.cycles)


def by_trying(asked: Recipe, target: Target) -> float:
    """The least loss of any combination for which there is a design within the limits."""
    found = []
    for combination in product(*LOSSES.values()):
        graph = predicted(with_bits(asked, dict(zip(LOSSES, combination, strict=True))))
        solution = solved(choices(graph, target, fast_enough(graph, target, {})), target)
        if solution.fits:
            found.append(sum(LOSSES[name][b] for name, b in zip(LOSSES, combination, strict=True)))
    return min(found)


def test_the_least_loss_is_that_of_trying_every_combination() -> None:
    graphs = (predicted(with_bits(recipe(), dict.fromkeys(LOSSES, bits))) for bits in (2, 4))
    least, most = (plan(graph, BOARD, frame_rate=2000.0).resources.lut for graph in graphs)
    asked = recipe(lut=int(0.6 * least + 0.4 * most))
    target = Target(asked.hardware.load_board(), BOARD.clock_mhz, 2000.0)
    solution = solved(_merged(asked, LOSSES, target, 1000.0), target)
    assert solution.fits
    found = {c.layer: c.bits for c in solution.choices if isinstance(c, _Rounded)}
    assert found.keys() == LOSSES.keys()
    assert sum(LOSSES[name][bits] for name, bits in found.items()) == pytest.approx(by_trying(asked, target))


def test_a_budget_that_is_large_takes_no_bits() -> None:
    given = assign(recipe(), LOSSES)
    assert given.loss == 0
    assert given.bits == dict.fromkeys(LOSSES, 4)


def test_a_budget_that_is_too_small_says_what_is_needed() -> None:
    with pytest.raises(UserError, match=r"too small for icebreaker: with 2 bits everywhere .* of 300 LUT"):
        assign(recipe(lut=300), LOSSES)
    fastest = recipe().hardware.model_copy(update={"frame_rate": "max"})
    with pytest.raises(UserError, match="how fast"):
        assign(recipe().model_copy(update={"hardware": fastest}), LOSSES)
