"""What a solution claims; that its claims are true, tests/plan/test_exact.py tries by brute force."""

import pytest

from hwcodesign.fpga.board import load_board
from hwcodesign.fpga.resources import Resources
from hwcodesign.plan.choices import choices
from hwcodesign.plan.folding import Target, fast_enough
from hwcodesign.plan.solver import DEAREST_FIT, OVER, Solution, Solver
from tests.graphs import tiny_lenet

BOARD = load_board("ulx3s-85f")


def solver(reserved: Resources) -> Solver:
    graph, target = tiny_lenet(), Target(BOARD, 50.0, 5_000.0)
    return Solver(choices(graph, target, fast_enough(graph, target, {})), reserved, seconds=30, gap=0.0)


@pytest.mark.parametrize(
    ("cost", "gap", "fits", "proves"),
    [(0.5, 0.0, True, False), (OVER, 0.0, False, True), (OVER, 1.0, False, False), (DEAREST_FIT, 0.0, False, False)],
)
def test_that_none_fits_is_proven_by_a_bound_that_no_fitting_design_reaches(
    cost: float, gap: float, fits: bool, proves: bool
) -> None:
    found = Solution((), 1.0, cost, gap, fits)
    assert found.bound == (1 - gap) * cost and found.proves_that_none_fits == proves


def test_the_cheapest_makes_one_choice_for_each_group_and_keeps_to_the_cycles() -> None:
    made = solver(Resources())
    found = made.cheapest(10_000)
    assert found is not None and found.fits and len(found.choices) == len(made.choices.groups)
    assert max(choice.cycles for choice in found.choices) <= 10_000
    named = [name for choice in found.choices for name in choice.foldings]
    assert sorted(named) == sorted(made.choices.dataflow.by_name)


def test_where_all_is_reserved_nothing_fits_and_that_is_proven() -> None:
    found = solver(Resources(lut=BOARD.usable["lut"])).cheapest(10_000)
    assert found is not None and not found.fits and found.proves_that_none_fits


def test_fewer_cycles_than_any_design_has_give_no_solution() -> None:
    assert solver(Resources()).cheapest(1) is None
