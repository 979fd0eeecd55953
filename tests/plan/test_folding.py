"""Foldings: legal, fast enough, cheap, and the user's own honoured or refused with the nearest legal choice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.core.errors import UserError
from hwcodesign.fpga.board import Board, load_board
from hwcodesign.graph.predict import predict
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.nets import metaparameters
from hwcodesign.nets.network import Quantization
from hwcodesign.nets.squeezenet import SqueezeNet
from hwcodesign.plan import plan
from hwcodesign.plan.folding import Target
from tests.graphs import tiny_squeezenet

BOARD = load_board("ulx3s-85f")
NET = tiny_squeezenet()


@given(st.floats(10, 80_000), st.sampled_from(["none", "simple", "complex"]))
def test_every_folding_is_legal_and_fast_enough(rate, bypass):
    planned = plan(tiny_squeezenet(bypass=bypass), BOARD, frame_rate=rate)
    for layer in planned.design.layers:
        folding = planned.foldings[layer.name]
        assert folding in kind_of(layer.kind).foldings(layer)
        kind_of(layer.kind).check(layer)
        assert kind_of(layer.kind).cycles(layer, folding) <= BOARD.clock_mhz * 1e6 / rate
    assert planned.planned_frame_rate >= rate


@given(st.floats(10, 80_000))
def test_lanes_agree_along_every_edge(rate):
    planned = plan(NET, BOARD, frame_rate=rate)
    planned.design.validate()
    for edge in planned.design.edges:
        source, target = planned.design.by_name[edge.source], planned.design.by_name[edge.target]
        sent = kind_of(source.kind).lanes(source, planned.foldings[source.name])[1]
        assert sent == kind_of(target.kind).lanes(target, planned.foldings[target.name])[0]


@pytest.mark.parametrize(
    ("rate", "whole"), [(100, set()), (300_000, {"conv1"}), (490_000, {"conv1", "fire2.expand3x3"})]
)
def test_only_whole_windows_have_a_converter_to_their_reader(rate, whole):
    planned = plan(NET, BOARD, frame_rate=rate)
    converters = {x.name for x in planned.design.layers if x.kind == "width_converter"}
    for layer in planned.design.layers:
        if layer.kind == "sliding_window":
            reader = layer.name.removesuffix(".window")
            assert f"{layer.name}.to.{reader}.widen" not in converters
            if planned.foldings[layer.name].simd == 1:
                assert reader not in whole
                assert f"{layer.name}.to.{reader}.narrow" not in converters


def test_whole_windows_reach_rates_that_few_channels_forbid():
    """conv1 reads a feature map of one channel: its 64 windows of 9 pixels would take 576 cycles, one pixel a cycle."""
    planned = plan(NET, BOARD, frame_rate=490_000)
    assert planned.foldings["conv1.window"] == Folding(1, 9)
    assert planned.cycles_per_frame == 100


def test_a_window_held_to_a_pixel_a_beat_holds_its_reader():
    fold = {"conv1.window": {"simd": 1}}
    assert plan(NET, BOARD, frame_rate=86_000, fold=fold).cycles_per_frame == 576
    with pytest.raises(UserError, match=r"the fastest is 86805\.6 frames per second; conv1"):
        plan(NET, BOARD, frame_rate=87_000, fold=fold)


def test_a_higher_rate_costs_more():
    slow, fast = (plan(NET, BOARD, frame_rate=rate) for rate in (100, 40_000))
    assert slow.resources.lut < fast.resources.lut
    assert slow.cycles_per_frame > fast.cycles_per_frame


def test_the_users_folding_is_honoured():
    planned = plan(NET, BOARD, frame_rate=100, fold={"fire2.expand3x3": {"pe": 4, "simd": 2}})
    assert planned.foldings["fire2.expand3x3"] == Folding(4, 2)
    assert planned.foldings["fire2.expand3x3.window"] == Folding(2)


def test_the_users_arithmetic_is_honoured():
    for packed in (0, 2):
        planned = plan(NET, BOARD, frame_rate=100, fold={"fire2.expand3x3": {"pe": 4, "simd": 2, "packed": packed}})
        assert planned.foldings["fire2.expand3x3"] == Folding(4, 2, packed)
        assert planned.resources.dsp == 2 * packed


def test_multipliers_move_into_hardware_only_where_luts_run_out():
    roomy = plan(NET, BOARD, frame_rate=100_000)
    assert roomy.resources.dsp == 0
    limits = BOARD.limits.model_dump() | {"lut": 0.8 * roomy.resources.lut / BOARD.resources.lut}
    tight = plan(NET, Board(**BOARD.model_dump() | {"limits": limits}), frame_rate=100_000)
    assert 0 < tight.resources.dsp <= BOARD.usable["dsp"]
    assert tight.resources.lut < roomy.resources.lut


@pytest.mark.parametrize(
    ("fold", "message"),
    [
        ({"fire2.expand3x3": {"packed": 3}}, r"packed = 3 cannot be: .* \(ecp5: 18 bits; .* nearest legal: 0 or 2"),
        ({"fire2.expand3x3": {"packed": 2, "pe": 1}}, "no legal folding has packed = 2, pe = 1; .* at most pe"),
        ({"pool1": {"packed": 1}}, "packed = 1 cannot be.* nearest legal: 0"),
        ({"fire2.expand3x": {"pe": 2}}, "no layer 'fire2.expand3x': did you mean 'fire2.expand3x3'"),
        ({"fire2.expand3x3": {"pe": 3}}, "fire2.expand3x3: pe = 3 is no folding of this layer: nearest legal: 2 or 4"),
        ({"fire2.expand3x3": {"simd": 10}}, "simd = 10 .* nearest legal: 9 or 12"),
        ({"conv1.window": {"simd": 1}, "conv1": {"simd": 3}}, "conv1.window: no legal folding has simd = 1"),
        ({"pool1": {"pe": 3}}, "pe = 3 .* nearest legal: 2 or 4"),
        ({"pool1.window": {"pe": 1}, "pool1": {"pe": 2}}, "no legal folding has pe = .; a sliding window's pe equals"),
    ],
)
def test_a_folding_that_cannot_be_is_refused(fold, message):
    with pytest.raises(UserError, match=message):
        plan(NET, BOARD, frame_rate=100, fold=fold)


def test_a_prime_number_of_channels_is_named_with_the_way_out():
    with pytest.raises(UserError, match=r"pe = 2 .* nearest legal: 1 or 5; 5 is prime: padded to 6 channels"):
        plan(NET, BOARD, frame_rate=100, fold={"conv4": {"pe": 2}})


def test_a_rate_out_of_reach_names_the_fastest_and_what_limits_it():
    with pytest.raises(
        UserError, match=r"frame_rate = 1e\+06 is out of reach at 50 MHz: the fastest is 500000.0 .*conv1.pad"
    ):
        plan(NET, BOARD, frame_rate=1e6)


def test_a_rate_that_the_users_folding_forbids_says_so():
    with pytest.raises(UserError, match=r"fire2.expand3x3 \(held by fold: pe = 1, simd = 1\)"):
        plan(NET, BOARD, frame_rate=40_000, fold={"fire2.expand3x3": {"pe": 1, "simd": 1}})


@pytest.mark.parametrize("cycles", [11, 22, 44, 88, 163, 1_000_003])
def test_a_rate_made_from_cycles_gives_them_again(cycles):
    for clock in (50.0, 12.5, 48.0):
        assert Target(BOARD, clock, clock * 1e6 / cycles).cycles == cycles
    assert Target(BOARD, 50.0, 1e-308).cycles > 1 << 60


@pytest.mark.parametrize("exact", [False, True])
def test_a_window_and_its_reader_too_slow_together(exact):
    """Each would be fast enough alone; with what the user holds them to, not together."""
    family = SqueezeNet(
        fire_modules=1, base_e=8, conv1_filters=14, conv1_kernel=1, conv1_stride=2, conv1_pad=0, pool_after=("conv1",),
        pool_kernel=2,
    )  # fmt: skip
    graph = predict(family.describe((16, 16, 3), 10), Quantization())
    with pytest.raises(UserError, match=r"the fastest is 111607.1 .* conv1 \(held by fold: packed = 2\) takes 448"):
        plan(graph, BOARD, frame_rate=120_000, fold={"conv1": {"packed": 2}}, exact=exact)


def test_a_depthwise_layer_with_too_few_lanes_is_told_which_would_do():
    network = metaparameters("mobilenet", {"width": 0.25, "pairs": 1}).describe((16, 16, 3), 10)
    graph = predict(network, Quantization())
    message = r"pair2.depthwise \(held by fold: pe = 1\) takes 4608 cycles at best; pe = 2, simd = 1 would do"
    with pytest.raises(UserError, match=message):
        plan(graph, BOARD, frame_rate=20_000, fold={"pair2.depthwise": {"pe": 1}})
    plan(graph, BOARD, frame_rate=20_000, fold={"pair2.depthwise": {"pe": 2, "simd": 1}})
