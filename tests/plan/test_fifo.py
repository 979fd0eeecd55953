"""FIFO depths: by hand on small streams, and on whole designs in a token simulation, independent of the planner."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwcodesign.check.suggestions import predicted
from hwcodesign.fpga.board import load_board
from hwcodesign.graph.predict import predict
from hwcodesign.nets.network import Quantization
from hwcodesign.nets.squeezenet import SqueezeNet
from hwcodesign.plan import fifo, plan
from hwcodesign.plan.fifo import depth_between
from hwcodesign.plan.insert_streams import with_depths
from hwcodesign.plan.schedule import Times
from hwcodesign.recipe import load_recipe
from tests.graphs import tiny_squeezenet
from tests.plan.networks import BOARD, PLANS
from tests.plan.token_simulation import simulate


def times(first, beats):
    first = np.array(first, dtype=np.int64)
    return Times(first, first + beats - 1)


def brute_force_depth(offered: Times, taken: Times, beats: int) -> int:
    """The most beats that are inside at once, counting a beat from the cycle it comes to the cycle it leaves."""
    came = np.concatenate([np.linspace(a, b, beats) for a, b in zip(offered.first, offered.last, strict=True)])
    left = np.concatenate([np.linspace(a, b, beats) for a, b in zip(taken.first, taken.last, strict=True)])
    return max(2, *(int((came <= now).sum() - (left < now).sum()) for now in came))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 30)), min_size=1, max_size=12), st.integers(1, 5))
def test_depth_is_the_most_that_waits(steps, beats):
    gaps, delays = np.array(steps).T
    came = np.cumsum(gaps + beats)
    left = np.maximum.accumulate(came + 1 + delays - beats * np.arange(len(came))) + beats * np.arange(len(came))
    offered, taken = times(came, beats), times(left, beats)
    assert depth_between(offered, taken, beats) == brute_force_depth(offered, taken, beats)


def test_a_reader_that_keeps_up_needs_the_shortest_fifo():
    assert depth_between(times(range(0, 100, 10), 2), times(range(1, 101, 10), 2), 2) == 2


@pytest.mark.parametrize("bypass", ["none", "simple", "complex"])
@pytest.mark.parametrize("rate", [1e3, 2e4, 1e5])
def test_whole_designs_run_at_the_bound_and_with_the_predicted_latency(bypass, rate):
    planned = plan(tiny_squeezenet(bypass=bypass), BOARD, frame_rate=min(rate, 50e6 / 576))
    first, ends = simulate(planned, frames=4)
    assert np.diff(ends).tolist() == [planned.cycles_per_frame] * 3
    assert abs(planned.latency_cycles - (ends[0] - first)) <= 0.05 * planned.latency_cycles


def test_a_pace_that_the_schedule_does_not_keep_is_not_promised():
    """Every other pixel of every other row is used: four in a burst, and three cycles' work each in 49 a frame."""
    skipping = SqueezeNet(fire_modules=1, base_e=4, SR=0.25, conv1_filters=3, conv1_kernel=1, pool_after=())
    graph = predict(skipping.describe((7, 7, 1), 3), Quantization())
    planned = plan(graph, BOARD, frame_rate=BOARD.clock_mhz * 1e6 / 49)
    assert planned.cycles_per_frame == 50 and planned.proof.startswith("slower than asked for")
    unhurried = plan(graph, BOARD, frame_rate=BOARD.clock_mhz * 1e6 / 50)
    assert unhurried.cycles_per_frame <= 50 and unhurried.proof == ""
    _, ends = simulate(planned, frames=6)
    assert max(np.diff(ends)[1:]) <= 50


@pytest.mark.parametrize("rate", [1.5e5, 3e5, 4.9e5])
def test_whole_windows_come_unevenly_and_the_design_still_runs_at_the_bound(rate):
    """One image is quicker than the bound, so the first frames' ends lie further apart than the others'."""
    planned = plan(tiny_squeezenet(), BOARD, frame_rate=rate)
    assert planned.foldings["conv1.window"].simd == 9
    first, ends = simulate(planned, frames=7)
    assert np.diff(ends)[2:].tolist() == [planned.cycles_per_frame] * 4
    assert abs(planned.latency_cycles - (ends[0] - first)) <= 0.02 * planned.latency_cycles


def test_joins_behind_joins_settle_late_and_still_run_at_the_bound():
    """Three bypasses in a row at the highest rate: three frames do not show the deepest FIFOs."""
    family = SqueezeNet(
        base_e=12, incr_e=0, SR=1.0, fire_modules=3, conv1_filters=8, conv1_kernel=1, conv1_stride=2, conv1_pad=1,
        pool_after=("conv1",), pool_kernel=2, pool_stride=1, bypass="complex",
    )  # fmt: skip
    planned = plan(predict(family.describe((6, 11, 1), 3), Quantization()), BOARD, frame_rate=205_555)
    _, ends = simulate(planned, frames=8)
    assert np.diff(ends)[3:].tolist() == [planned.cycles_per_frame] * 4


@settings(max_examples=12)
@given(PLANS)
def test_any_network_runs_at_its_bound_and_survives_stalls(planned):
    first, ends = simulate(planned, frames=8)
    assert max(np.diff(ends)[4:]) <= planned.cycles_per_frame
    assert abs(planned.latency_cycles - (ends[0] - first)) <= 0.1 * planned.latency_cycles
    simulate(planned, frames=2, stall=lambda chance: chance.random() < 0.4)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("patience", [0.1, 0.7])
def test_no_stall_pattern_stops_a_design(seed, patience):
    planned = plan(tiny_squeezenet(bypass="complex"), BOARD, frame_rate=4e4)
    _, ends = simulate(planned, frames=3, stall=lambda chance: chance.random() < patience, seed=seed, limit=10**5)
    assert len(ends) == 3


def test_without_the_planned_depths_the_bypass_deadlocks():
    planned = plan(tiny_squeezenet(), BOARD, frame_rate=4e4)
    shortest = with_depths(planned.design, dict.fromkeys(planned.fifo_depths, 2))
    with pytest.raises(AssertionError, match="only 0 of 1 frames"):
        simulate(replace(planned, design=shortest), frames=1, limit=10**4)


def test_fifos_deeper_than_a_pixel_are_where_branches_meet():
    deep = deep_fifos(plan(tiny_squeezenet(), BOARD, frame_rate=1e4))
    assert deep
    assert all(".fork.to." in name or ".fork.fifo" in name or ".concat.fifo" in name for name in deep)


def deep_fifos(planned):
    fifos = [layer for layer in planned.design.layers if layer.kind == "fifo"]
    return [x.name for x in fifos if x.number("depth") > 2 * (x.input.channels // planned.foldings[x.name].pe + 2)]


def test_with_half_the_depth_of_one_waiting_fifo_the_design_slows_or_stands_still():
    """The depths are enough; how far from the least they can be is bounded here: each is less than twice its own."""
    planned = plan(tiny_squeezenet(), BOARD, frame_rate=3e4)
    assert len(deep_fifos(planned)) >= 3
    for name in deep_fifos(planned):
        halved = replace(planned, design=with_depths(planned.design, {name: planned.fifo_depths[name] // 2}))
        try:
            _, ends = simulate(halved, frames=6, limit=20 * planned.cycles_per_frame)
        except AssertionError:
            continue
        assert ends[-1] - ends[2] > 3 * planned.cycles_per_frame, name


@pytest.mark.parametrize(("recipe", "bits"), [("squeezenet-v1.1", 0.7), ("squeezenet-v1.0-bypass", 0.7)])
def test_pixels_wait_where_they_are_few_bits(recipe, bits, monkeypatch):
    """Against FIFOs for a schedule in which every layer works as soon as it can."""
    hardware, graph = load_recipe(recipe).hardware, predicted(load_recipe(recipe))
    late = plan(graph, load_board(hardware.board), **hardware.wishes())
    monkeypatch.setattr(fifo, "as_late_as_possible", lambda design, foldings, times, frames: times)
    soon = plan(graph, load_board(hardware.board), **hardware.wishes())
    assert fifo_bits(late) < bits * fifo_bits(soon)


def fifo_bits(planned):
    fifos = (layer for layer in planned.design.layers if layer.kind == "fifo")
    return sum(x.number("depth") * planned.foldings[x.name].pe * x.input.type.bits for x in fifos)


def test_a_folded_reader_finds_its_whole_next_pixel_waiting():
    """Behind a concat beats come in two paces; full SqueezeNet v1.1 ran at 82 % of its rate when half could wait."""
    planned = plan(tiny_squeezenet(), BOARD, frame_rate=1e4)
    for waiting in (layer for layer in planned.design.layers if layer.kind == "fifo"):
        (edge,) = planned.design.edges_from(waiting.name)
        reader, folding = planned.design.by_name[edge.target], planned.foldings[edge.target]
        if reader.kind == "mvau" and folding.pe < reader.output.channels:
            assert waiting.number("depth") >= reader.input.channels // folding.simd


def test_more_frames_need_no_more_room(monkeypatch):
    """When a frame repeats the one before, so do all others: simulating more frames finds no greater depth."""
    network = SqueezeNet(bypass="simple").describe((96, 96, 3), 10)
    planned = plan(predict(network, Quantization()), load_board("zcu104"), frame_rate=200)
    monkeypatch.setattr(fifo, "FIRST_FRAMES", 12)
    again = plan(predict(network, Quantization()), load_board("zcu104"), frame_rate=200)
    assert again.fifo_depths == planned.fifo_depths
