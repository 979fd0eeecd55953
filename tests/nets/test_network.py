"""A described network: shapes, bits by layer, what is hardware; every fault names its layer."""

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.nets.network import (
    INPUT,
    Add,
    AvgPool,
    Channels,
    Concat,
    Conv,
    GlobalAvgPool,
    LayerBits,
    LocalResponseNorm,
    MaxPool,
    Network,
    Node,
    PixelShuffle,
    Quantization,
    Upsample,
    cuts_windows,
    require_hardware,
)  # fmt: skip


def network(*nodes: Node, shape: tuple[int, int, int] = (9, 7, 3)) -> Network:
    return Network("net", shape, 5, nodes)


HALVES = (
    Conv("conv1", INPUT, 4, 3, quantizer="q1"),
    Conv("left", "conv1", 6, 1, quantizer="shared"),
    Conv("right", "conv1", 6, 3, pad=1, quantizer="shared"),
    Concat("join", ("left", "right")),
    Conv("scores", "join", 5, 1),
    GlobalAvgPool("pool", "scores"),
)


def test_shapes_of_what_only_moves() -> None:
    made = network(
        Conv("conv", INPUT, 8, quantizer="q"), Upsample("up", "conv", (1, 3)), PixelShuffle("fine", "up", 2),
        Channels("one", "fine", (1,)), Conv("scores", "one", 5, (18, 42)),
    )  # fmt: skip
    assert [made.shapes[name] for name in ("up", "fine", "one")] == [(9, 21, 8), (18, 42, 2), (18, 42, 1)]


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (Channels("part", "conv", (0, 8)), r"part: it picks the channels \[0, 8\] of an input that has 0 to 7"),
        (Channels("part", "conv", ()), r"part: it picks the channels \[\]"),
        (PixelShuffle("fine", "conv", 3), r"fine: its 8 input channels .* 3 x 3 pixels; nearest factor: 1 or 2"),
    ],
)
def test_moves_that_the_channels_do_not_allow(node: Node, message: str) -> None:
    with pytest.raises(UserError, match=message):
        _ = network(Conv("conv", INPUT, 8, quantizer="q"), node).shapes


def test_shapes_follow_windows_strides_and_joins() -> None:
    made = network(*HALVES)
    assert made.shapes["conv1"] == (7, 5, 4) and made.shapes["join"] == (7, 5, 12) and made.shapes["pool"] == (1, 1, 5)
    assert made.outputs == 5 and made.scoring == ("scores",)
    assert made.weights(made.convolutions[0]) == 4 * 3 * 9 and made.parameters(made.convolutions[0]) == 4 * 3 * 9 + 4


@pytest.mark.parametrize(("ceil", "rows"), [(False, 4), (True, 5)])
def test_a_pool_that_rounds_up_has_a_window_more_where_pixels_are_left_over(ceil: bool, rows: int) -> None:
    pool = MaxPool("pool", INPUT, 3, 2, ceil=ceil)
    assert network(pool, shape=(10, 9, 3)).shapes["pool"] == (rows, 4, 3)
    assert cuts_windows(pool, (10, 9, 3)) == ceil and not cuts_windows(pool, (9, 9, 3))


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ((Conv("big", INPUT, 4, 8),), "big: its 8x8 kernel is larger than its input of 9x7 pixels"),
        ((*HALVES[:2], Add("sum", ("conv1", "left"), "q2")), "sum: its inputs must have equal shapes"),
        (
            (*HALVES[:1], MaxPool("p", "conv1", 2, 2), Concat("c", ("conv1", "p"))),
            "c: its inputs must have equal pixels",
        ),
        ((Conv("wide", INPUT, 70_000, 1),), "wide: it would have 210,000 weights, and activations of 9 x 7 x 70,000"),
    ],
)  # fmt: skip
def test_what_does_not_fit_names_its_layer(nodes: tuple[Node, ...], message: str) -> None:
    with pytest.raises(UserError, match=message):
        _ = network(*nodes).shapes


def test_bits_of_layers_a_modules_before_those_in_it() -> None:
    made = network(*HALVES)
    bits = made.weight_bits(Quantization(4, 3, first_weight_bits=8, last_weight_bits=6))
    assert bits == {"conv1": 8, "left": 4, "right": 4, "scores": 6}
    single = made.weight_bits(Quantization(4, 3, layers={"right": LayerBits(weight_bits=2)}))
    assert (single["left"], single["right"]) == (4, 2)
    assert made.activation_bits(Quantization(4, 3)) == {"q1": 3, "shared": 3}


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ({"rigth": LayerBits(weight_bits=2)}, r"quantization.layers.rigth: did you mean 'right'"),
        ({"right": LayerBits(activation_bits=2)}, "left and right share one quantizer, but have 2 and 4"),
    ],
)  # fmt: skip
def test_bits_that_cannot_be_are_told(layers: dict[str, LayerBits], message: str) -> None:
    with pytest.raises(UserError, match=message):
        network(*HALVES).activation_bits(Quantization(4, 4, layers=layers))


def test_everything_without_hardware_comes_in_one_message() -> None:
    made = network(
        Conv("grouped", INPUT, 6, 1, groups=3), LocalResponseNorm("norm", "grouped", 5),
        MaxPool("padded", "norm", 2, 1, pad=2), MaxPool("cut", "padded", 3, 2, ceil=True),
        AvgPool("mean", "cut", 3, 2, ceil=True),
    )  # fmt: skip
    with pytest.raises(UserError) as refused:
        require_hardware(made)
    lines = str(refused.value).splitlines()
    assert [line.split(":")[0] for line in lines[1:]] == ["norm", "padded", "mean"]
    require_hardware(network(*HALVES))
