"""The matrices: an assignment made by hand satisfies them if, and only if, it is a design."""

import numpy as np

from hwcodesign.fpga.board import RESOURCES, load_board
from hwcodesign.fpga.resources import Resources
from hwcodesign.kinds import kind_of
from hwcodesign.plan.choices import Choices, choices
from hwcodesign.plan.folding import Target, fast_enough
from hwcodesign.plan.milp import program
from tests.graphs import tiny_lenet

BOARD = load_board("ulx3s-85f")


def space() -> Choices:
    graph, target = tiny_lenet(), Target(BOARD, 50.0, 2_000.0)
    return choices(graph, target, fast_enough(graph, target, {}))


SPACE = space()
PROGRAM = program(SPACE, Resources())


def design(numbers: list[int]) -> np.ndarray:
    """The variables of the design that takes choice `numbers[g]` of group g."""
    x = np.zeros(len(PROGRAM.cycles))
    foldings, first = {}, 0
    for group, number in zip(SPACE.groups, numbers, strict=True):
        x[first + number] = 1
        foldings |= group[number].foldings
        first += len(group)
    column = first
    ends = []
    for edge in SPACE.edges:
        sides = []
        for name, side in ((edge.source, 1), (edge.target, 0)):
            layer, group = SPACE.dataflow.by_name[name], next(g for g in SPACE.groups if name in g[0].foldings)
            lanes = list(dict.fromkeys(kind_of(layer.kind).lanes(layer, c.foldings[name])[side] for c in group))
            sides.append((lanes, lanes.index(kind_of(layer.kind).lanes(layer, foldings[name])[side])))
        ends.append(sides)
    for (sent, i), (needed, j) in ends:
        x[column + i * len(needed) + j] = 1
        column += len(sent) * len(needed)
    return x


def test_every_design_satisfies_the_equalities_and_half_a_design_does_not() -> None:
    rng = np.random.default_rng(1)
    for _ in range(5):
        x = design([int(rng.integers(len(group))) for group in SPACE.groups])
        assert np.allclose(PROGRAM.equalities @ x, PROGRAM.sums)
    x[0 : len(SPACE.groups[0])] = 0
    assert not np.allclose(PROGRAM.equalities @ x, PROGRAM.sums)


def test_shares_and_costs_are_sums_of_what_is_taken() -> None:
    x = design([0] * len(SPACE.groups))
    chosen = [group[0].taken for group in SPACE.groups]
    taken = PROGRAM.shares @ x
    logic = sum((t.resources.lut for t in chosen), 0) / BOARD.usable["lut"]
    lut = RESOURCES.index("lut")
    assert logic <= taken[lut] < logic + 0.2  # and the streams
    assert PROGRAM.costs @ x[: len(PROGRAM.costs)] >= sum(t.cost for t in chosen)


def test_what_is_reserved_is_missing_from_the_limits() -> None:
    reserved = program(SPACE, Resources(lut=BOARD.usable["lut"] // 2)).limits
    difference = PROGRAM.limits - reserved
    assert np.isclose(difference[RESOURCES.index("lut")], 0.5, atol=1e-3)
    assert np.count_nonzero(difference) == 1


def test_only_choices_are_integers() -> None:
    assert PROGRAM.integral.sum() == len(SPACE.flat) and PROGRAM.integral[: len(SPACE.flat)].all()
    assert (PROGRAM.cycles[: len(SPACE.flat)] > 0).all() and not PROGRAM.cycles[len(SPACE.flat) :].any()
