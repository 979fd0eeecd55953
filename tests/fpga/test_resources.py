"""Amounts add up, and what exceeds a board's limits is named."""

from dataclasses import astuple, replace

from hwcodesign.fpga.board import RESOURCES, load_board
from hwcodesign.fpga.resources import Resources

BOARD = load_board("ulx3s-85f")
ONE = Resources(1, 2, 3, 4, 5)


def test_amounts_add_up_one_by_one() -> None:
    assert astuple(ONE + ONE) == (2, 4, 6, 8, 10)
    assert sum([ONE, ONE], Resources()) == ONE + ONE


def test_what_exceeds_a_limit_is_named() -> None:
    full = Resources(**{name: BOARD.usable[name] for name in RESOURCES})
    assert full.over(BOARD) == []
    for name in RESOURCES:
        assert replace(full, **{name: BOARD.usable[name] + 1}).over(BOARD) == [name]


def test_the_share_is_the_sum_of_the_fractions() -> None:
    half = Resources(lut=BOARD.usable_alone["lut"] // 2)
    assert half.share(BOARD) + half.share(BOARD) == (half + half).share(BOARD) <= 1
