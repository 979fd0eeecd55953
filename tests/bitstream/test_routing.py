"""Routing that does not end: told from one that is slow."""

import pytest

from hwcodesign.bitstream.routing import PATIENCE, Convergence
from hwcodesign.core.errors import UserError


def _round(number: int, overused: int) -> str:
    return (
        f"Info:     iter={number} wires=2134 overused={overused} overuse={overused} resources=78 overused=0 archfail=NA"
    )


def test_a_wire_that_stays_shared_ends_it_with_another_seed_to_try() -> None:
    routing = Convergence(seed=3)
    routing.see(_round(0, 1))
    for i in range(1, PATIENCE):
        routing.see(_round(i, 1))
    with pytest.raises(UserError, match=r"1 wire shared .*--seed 4"):
        routing.see(_round(PATIENCE, 2))


def test_every_wire_less_gives_it_time_again() -> None:
    routing = Convergence(seed=1)
    for left in range(5, -1, -1):
        for i in range(PATIENCE):
            routing.see(_round(i, left))


def test_other_lines_are_no_rounds() -> None:
    routing = Convergence(seed=1)
    for _ in range(2 * PATIENCE):
        routing.see("Info:     routing net 'clk' to 2030 users")
    assert routing.fewest is None
