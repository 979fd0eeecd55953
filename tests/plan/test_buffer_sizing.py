"""The smallest buffers: each is needed to the last beat, nothing stalls for good, and the plan tells what is proven."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from hwcodesign.kinds import kind_of
from hwcodesign.kinds.fifo import SHORTEST
from hwcodesign.kinds.sliding_window import buffer_pixels, least_pixels
from hwcodesign.plan import plan
from hwcodesign.plan.buffer_sizing import shrunk, with_sizes
from hwcodesign.plan.cycle_model import Tokens
from tests.graphs import tiny_squeezenet
from tests.plan.networks import BOARD, PLANS
from tests.plan.token_simulation import simulate

FRAMES = 8


def sizes(planned):
    """(size, least) of every buffer."""
    found = {}
    for layer in planned.design.layers:
        if layer.kind == "fifo":
            found[layer.name] = layer.number("depth"), SHORTEST
        elif "buffer" in layer.attributes:
            found[layer.name] = layer.number("buffer"), least_pixels(layer)
    return found


def buffer_bits(planned):
    memories = (
        memory
        for layer in planned.design.layers
        for memory in kind_of(layer.kind).memories(layer, planned.foldings[layer.name])
        if layer.kind in ("fifo", "sliding_window")
    )
    return sum(memory.bits for memory in memories)


def slows_or_stops(planned):
    try:
        _, ends = simulate(planned, FRAMES, limit=4 * FRAMES * planned.cycles_per_frame)
    except AssertionError:
        return True
    return bool(np.diff(ends)[-1] > planned.cycles_per_frame)


@pytest.fixture(scope="module", params=[("simple", 3e4), ("complex", 8e4)], ids=["simple", "complex"])
def least(request):
    bypass, rate = request.param
    return shrunk(plan(tiny_squeezenet(bypass=bypass), BOARD, frame_rate=rate), BOARD)


def test_with_any_buffer_one_smaller_the_design_slows_or_stops(least):
    assert least.buffers == "the least that keep the rate, one by one"
    tokens = Tokens(least.design, least.foldings)
    for name, (size, smallest) in sizes(least).items():
        if size > smallest:
            layer, folding = least.design.by_name[name], least.foldings[name]
            beats = 1 if layer.kind == "fifo" else layer.input.channels // folding.pe
            ends = tokens.run({name: (size - 1) * beats}, FRAMES).ends
            assert len(ends) < FRAMES or ends[-1] - ends[-2] > least.cycles_per_frame, name


def test_with_any_fifo_of_a_fork_one_shallower_the_design_slows_or_stops(least):
    """In the simulation that knows nothing of the search."""
    assert not slows_or_stops(least)
    deep = {name: size for name, (size, smallest) in sizes(least).items() if size > smallest and ".fork.to." in name}
    assert len(deep) >= 3
    for name, size in deep.items():
        assert slows_or_stops(replace(least, design=with_sizes(least.design, {name: size - 1}))), name


@settings(max_examples=6)
@given(PLANS)
def test_any_network_keeps_its_rate_and_survives_stalls(generous):
    planned = shrunk(generous, BOARD)
    first, ends = simulate(planned, FRAMES)
    assert max(np.diff(ends)[5:]) <= planned.cycles_per_frame == generous.cycles_per_frame
    assert planned.latency_cycles == ends[0] - first + 1
    assert buffer_bits(planned) <= buffer_bits(generous)
    simulate(planned, frames=2, stall=lambda chance: chance.random() < 0.4)


@pytest.mark.parametrize("seed", range(20))
def test_no_stall_pattern_stops_a_design(seed):
    planned = shrunk(plan(tiny_squeezenet(bypass="complex"), BOARD, frame_rate=4e4), BOARD)
    patience = seed / 22
    _, ends = simulate(planned, frames=2, stall=lambda chance: chance.random() < patience, seed=seed, limit=10**5)
    assert len(ends) == 2


def test_much_smaller_and_within_what_the_kernels_can_do():
    generous = plan(tiny_squeezenet(), BOARD, frame_rate=3e4)
    planned = shrunk(generous, BOARD)
    assert buffer_bits(planned) < 0.7 * buffer_bits(generous)
    for layer in planned.design.layers:
        kind_of(layer.kind).check(layer)
        if "buffer" in layer.attributes:
            assert layer.number("buffer") <= buffer_pixels(layer)


def test_weights_stay_where_they_were_and_nothing_else_changes():
    generous = plan(tiny_squeezenet(), BOARD, frame_rate=3e4)
    planned = shrunk(generous, BOARD)
    changed = sizes(planned)
    for name, where in generous.storage.items():
        if name not in changed:
            assert planned.storage[name] == where
    assert planned.foldings == generous.foldings
    assert [x for x in planned.design.layers if x.name not in changed] == [
        x for x in generous.design.layers if x.name not in changed
    ]


def test_without_work_nothing_shrinks_and_the_plan_says_so():
    generous = plan(tiny_squeezenet(), BOARD, frame_rate=3e4)
    planned = shrunk(generous, BOARD, work=1)
    assert planned.fifo_depths == generous.fifo_depths
    assert planned.buffers.startswith("sufficient, ") and "not proven the least" in planned.buffers


def test_the_answer_depends_on_nothing_but_the_work():
    generous = plan(tiny_squeezenet(), BOARD, frame_rate=3e4)
    some = shrunk(generous, BOARD, work=1_000_000)
    assert some == shrunk(generous, BOARD, work=1_000_000)
    assert buffer_bits(shrunk(generous, BOARD)) < buffer_bits(some) < buffer_bits(generous)
    assert not slows_or_stops(some)
