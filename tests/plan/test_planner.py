"""The planner's loop: a design that comes out slower than asked is planned again, faster, or says so."""

from types import SimpleNamespace
from typing import Any

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.fpga.board import load_board
from hwcodesign.plan import plan, planner
from hwcodesign.plan.folding import Target
from tests.graphs import tiny_lenet

BOARD = load_board("ulx3s-85f")


class Made(SimpleNamespace):
    """As much of a plan as the loop looks at; `dataclasses.replace` is patched to go with it."""


@pytest.fixture(autouse=True)
def replaceable(monkeypatch: pytest.MonkeyPatch) -> None:
    original = planner.replace

    def replace(thing: Any, **changes: Any) -> Any:
        return Made(**vars(thing) | changes) if isinstance(thing, Made) else original(thing, **changes)

    monkeypatch.setattr(planner, "replace", replace)


def in_time(extra: dict[int, int], fastest: int = 1) -> tuple[Made, list[int]]:
    """Plans for 100 cycles a frame; a schedule takes `extra` cycles more than the slowest layer of so many."""
    target, aims = Target(BOARD, 50.0, 50e6 / 100), []

    def planned(aim: Target) -> Made:
        aims.append(aim.cycles)
        if aim.cycles < fastest:
            raise UserError("out of reach")
        return Made(cycles_per_frame=aim.cycles + extra.get(aim.cycles, 0), frame_rate=aim.frame_rate, proof="proven")

    return planner._in_time(target, planned), aims  # type: ignore[return-value, arg-type]


def test_a_design_in_time_is_planned_once_and_keeps_its_proof() -> None:
    made, aims = in_time({})
    assert aims == [100] and made.proof == "proven"


def test_a_slow_schedule_is_planned_again_faster_and_claims_no_proof() -> None:
    made, aims = in_time({100: 7, 93: 2})
    assert aims == [100, 93] and made.cycles_per_frame == 95
    assert made.proof == "" and made.frame_rate == 50e6 / 100  # what was asked for


def test_where_nothing_is_faster_the_plan_says_so() -> None:
    made, _ = in_time({100: 7}, fastest=95)
    assert made.cycles_per_frame == 107 and made.proof.startswith("slower than asked for")


def test_the_clock_defaults_to_the_boards() -> None:
    assert plan(tiny_lenet(), BOARD, frame_rate=10).clock_mhz == BOARD.clock_mhz
    assert plan(tiny_lenet(), BOARD, 12.5, frame_rate=10).clock_mhz == 12.5
