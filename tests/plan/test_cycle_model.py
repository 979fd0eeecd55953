"""The clock-by-clock run of a design against the slow simulation that knows nothing of it: the same clocks."""

import pytest
from hypothesis import given, settings

from hwcodesign.core import tools
from hwcodesign.core.errors import UserError
from hwcodesign.plan import cycle_model, plan
from hwcodesign.plan.cycle_model import Tokens
from tests.graphs import tiny_lenet, tiny_squeezenet
from tests.plan.networks import BOARD, PLANS
from tests.plan.token_simulation import simulate

FRAMES = 5


def clocks_agree(planned):
    first, ends = simulate(planned, FRAMES)
    run = Tokens(planned.design, planned.foldings).run({}, FRAMES)
    assert (run.first_in, run.ends) == (first, tuple(ends))


@settings(max_examples=8)
@given(PLANS)
def test_the_clocks_of_any_network(planned):
    clocks_agree(planned)


@pytest.mark.parametrize("rate", [3e4, 3e5])
@pytest.mark.parametrize("graph", [tiny_squeezenet(bypass="complex"), tiny_lenet()], ids=["squeezenet", "lenet"])
def test_the_clocks_of_slow_and_fast_designs(graph, rate):
    clocks_agree(plan(graph, BOARD, frame_rate=rate / 3))


def test_a_bypass_without_room_is_a_deadlock_that_ends_the_run():
    planned = plan(tiny_squeezenet(), BOARD, frame_rate=4e4)
    run = Tokens(planned.design, planned.foldings).run(dict.fromkeys(planned.fifo_depths, 2), FRAMES)
    assert run.ends == ()


def test_a_late_frame_ends_the_run():
    planned = plan(tiny_squeezenet(), BOARD, frame_rate=4e4)
    design = Tokens(planned.design, planned.foldings)
    ends = design.run({}, FRAMES).ends
    limits = [*ends[:2], ends[2] - 1, *ends[3:]]
    assert design.run({}, FRAMES, limits).ends == ends[:2]


def test_the_slowest_layer_never_falls_behind_by_more_than_the_distance_of_its_beats():
    planned = plan(tiny_squeezenet(), BOARD, frame_rate=4e4)
    design = Tokens(planned.design, planned.foldings)
    run = design.run({}, FRAMES)
    assert design.interval == planned.cycles_per_frame
    assert 0 <= run.lag < planned.cycles_per_frame // 10
    assert len(design.run({}, FRAMES, lag=run.lag).ends) == FRAMES


def test_without_a_compiler_it_says_what_is_missing(monkeypatch):
    monkeypatch.setenv(tools.GXX.variable, "/nowhere/g++")
    cycle_model._library.cache_clear()
    planned = plan(tiny_squeezenet(), BOARD, frame_rate=4e4)
    try:
        with pytest.raises(UserError, match="/nowhere/g\\+\\+ is not a program"):
            Tokens(planned.design, planned.foldings)
    finally:
        cycle_model._library.cache_clear()
