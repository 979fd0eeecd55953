"""The pixel schedule: evenly spaced, never earlier than its inputs, and the same frame after frame."""

import numpy as np
import pytest

from hwcodesign.fpga.board import load_board
from hwcodesign.plan import plan
from hwcodesign.plan.alap_schedule import as_late_as_possible
from hwcodesign.plan.schedule import Schedule, Times, first_needing, over_frames, schedule
from tests.graphs import one_fire

FRAMES = 4
PLAN = plan(one_fire(6, 1), load_board("ulx3s-85f"), frame_rate=20_000)
INTERVAL = PLAN.cycles_per_frame
TIMES = schedule(PLAN.design, PLAN.foldings, FRAMES, INTERVAL)


def test_needs_of_later_frames_lie_behind_those_of_earlier_ones() -> None:
    assert over_frames(np.array([0, 2, 3]), 4, 2).tolist() == [0, 2, 3, 4, 6, 7]
    assert first_needing(np.array([0, 2, 3]), 4).tolist() == [0, 1, 1, 2]


@pytest.mark.parametrize("late", [False, True])
def test_nothing_is_taken_before_it_is_offered_and_pixels_keep_their_order(late: bool) -> None:
    times = as_late_as_possible(PLAN.design, PLAN.foldings, TIMES, FRAMES) if late else TIMES
    for edge in PLAN.design.edges:
        offered, taken = times.offered[edge], times.taken[edge]
        assert (taken.first >= offered.first).all() and (taken.last >= offered.last).all(), edge
        assert (np.diff(offered.first) > 0).all() and (offered.last >= offered.first).all(), edge


def test_the_schedule_repeats_with_the_interval_and_no_faster() -> None:
    assert TIMES.repeats(FRAMES, INTERVAL) and not TIMES.repeats(FRAMES, INTERVAL - 1)
    assert TIMES.pace(FRAMES) == INTERVAL


def test_with_all_pixels_there_the_design_is_no_slower_than_its_interval() -> None:
    at_full_pace = schedule(PLAN.design, PLAN.foldings, FRAMES, 0)
    assert at_full_pace.pace(FRAMES) <= INTERVAL
    assert at_full_pace.output.last[-1] <= TIMES.output.last[-1]


def test_a_pace_is_rounded_up_over_the_second_half() -> None:
    ends = np.array([10, 20, 33, 44], dtype=np.int64)
    assert Schedule({}, {}, Times(ends, ends), Times(ends, ends)).pace(4) == 12
