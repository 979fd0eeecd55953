"""Convolutions as matrices of integers: what they mean beside PyTorch in float64, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from hwcodesign.dataflow import IntType
from hwcodesign.lower import convolutions
from hwcodesign.lower.values import Affine, Constant, Value
from hwcodesign.lower.walk import Walk
from tests.lower.walking import node, problems, value, walk

RNG = np.random.default_rng(1)
WEIGHTS = RNG.integers(-7, 8, (3, 2, 3, 3))


def constant(integers: np.ndarray, scale: object = 0.25) -> Constant:
    scales = np.broadcast_to(np.asarray(scale, dtype=np.float64), integers.shape)
    return Constant((integers * scales).astype(np.float32), integers, scales)


def integer_sums(walked: Walk, frame: np.ndarray) -> np.ndarray:
    """What the layer's matrix makes of one frame (C, H, W)."""
    made = walked.operations["layer"]
    assert made.weights is not None and made.window is not None
    top, left, bottom, right = made.window.pad
    padded = np.pad(frame, [(0, 0), (top, bottom), (left, right)], constant_values=made.window.pad_value)
    sums = torch.nn.functional.conv2d(
        torch.tensor(padded[None], dtype=torch.float64), torch.tensor(made.weights, dtype=torch.float64),
        stride=made.window.stride,
    )  # fmt: skip
    return sums[0].numpy().astype(np.int64)


@pytest.mark.parametrize("attributes", [{}, {"strides": [2, 1]}, {"pads": [1, 0, 1, 2]}])
@pytest.mark.parametrize("scale", [0.25, np.array([0.25, 0.5, 0.75]).reshape(3, 1, 1, 1)])
def test_integers_and_the_way_back_are_the_convolution(attributes: dict[str, list[int]], scale: object) -> None:
    walked, bias = walk(), np.array([1.0, -2.0, 0.5])
    kernel = constant(WEIGHTS, scale)
    found = convolutions.convolution(walked, node("Conv", **attributes), value(), kernel, Constant(bias))
    assert found is not None and found.open
    frame = RNG.integers(0, 16, (2, 4, 4))
    sums = integer_sums(walked, frame)
    top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
    real = np.pad(0.5 * frame, [(0, 0), (top, bottom), (left, right)])
    wanted = torch.nn.functional.conv2d(
        torch.tensor(real[None]), torch.tensor(kernel.exact), torch.tensor(bias), attributes.get("strides", 1)
    )[0].numpy()
    assert found.shape == wanted.shape == sums.shape
    assert (found.real(sums.reshape(3, -1)).reshape(wanted.shape) == wanted).all()


def test_bounds_are_reached_and_not_passed() -> None:
    walked = walk()
    found = convolutions.convolution(walked, node("Conv"), value((2, 3, 3)), constant(WEIGHTS))
    assert found is not None
    for channel, filters in enumerate(WEIGHTS):
        assert integer_sums(walked, np.where(filters > 0, 15, 0))[channel, 0, 0] == found.high[channel]
        assert integer_sums(walked, np.where(filters < 0, 15, 0))[channel, 0, 0] == found.low[channel]


@pytest.mark.parametrize("operator", ["MatMul", "Gemm"])
def test_a_fully_connected_layer_reads_a_reordered_map_by_reordered_weights(operator: str) -> None:
    walked = walk()
    source = value((2, 2, 2))
    flat = replace(source, place=source.place[:, ::-1, ::-1].reshape(1, 8))
    rows = RNG.integers(-7, 8, (3, 8))
    attributes = {"transB": 1} if operator == "Gemm" else {}
    found = convolutions.linear(
        walked, node(operator, **attributes), flat, constant(rows if operator == "Gemm" else rows.T)
    )
    assert found is not None and found.place.shape == (1, 3)
    frame = RNG.integers(0, 16, (2, 2, 2))
    sums = integer_sums(walked, frame).reshape(3, 1)
    assert (found.real(sums)[:, 0] == 0.125 * (rows @ frame.ravel()[flat.place.ravel()])).all()


def test_scales_that_differ_from_channel_to_channel_become_integers() -> None:
    walked = walk()
    uneven = replace(value(), steps=(Affine(np.array([0.5, 1.5]), np.zeros(2)),))
    found = convolutions.convolution(walked, node("Conv"), uneven, constant(WEIGHTS))
    assert found is not None and found.scale == 0.125
    assert (walked.operations["layer"].weights == WEIGHTS * np.array([1, 3]).reshape(1, 2, 1, 1)).all()


BAD = {
    "float weights": ((value(), Constant(RNG.normal(size=(3, 2, 3, 3)))), {}, "its weights are not quantized"),
    "computed weights": ((value(), value()), {}, "computed at run time"),
    "groups": ((value(), constant(WEIGHTS[:, :1])), {"group": 2}, "its 3 filters are no whole number in each of 2"),
    "groups of channels": (
        (value((4, 4, 4)), constant(WEIGHTS[:, :1])), {"group": 3}, "its 4 channels are no whole number in each of 3",
    ),
    "channels": ((value((3, 4, 4)), constant(WEIGHTS)), {}, "for 2 channels, but it gets 3"),
    "not quantized": ((value(open=True), constant(WEIGHTS)), {}, "is not quantized"),
    "shifted and padded": (
        (replace(value(), steps=(Affine(np.full(2, 0.5), np.full(2, 0.2)),)), constant(WEIGHTS)),
        {"pads": [1, 1, 1, 1]}, "padding would have to insert the mean",
    ),
    "uneven": (
        (value(operation="conv0", steps=(Affine(np.array([0.5, 2**0.5]), np.zeros(2)),)), constant(WEIGHTS)), {},
        "the channels of its input, from conv0, differ in scale",
    ),
    "scales inside a filter": (
        (value(), constant(WEIGHTS, np.arange(1, 4).reshape(1, 1, 1, 3))), {}, "several scales inside one filter"
    ),
    "reordered": (
        (replace(value(), place=value().place[:, ::-1]), constant(WEIGHTS)), {}, "are reordered before it"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_is_told(case: str) -> None:
    (source, kernel), attributes, message = BAD[case]
    walked = walk()
    made = convolutions.convolution(walked, node("Conv", **attributes), source, kernel)  # type: ignore[arg-type]
    assert made is None
    assert message in problems(walked)


def test_padding_a_shifted_input_inserts_the_integer_that_stands_for_zero() -> None:
    walked = walk()
    shifted = replace(value(), steps=(Affine(np.full(2, 0.5), np.full(2, -2.0)),))
    found = convolutions.convolution(walked, node("Conv", pads=[1, 1, 1, 1]), shifted, constant(WEIGHTS))
    window = walked.operations["layer"].window
    assert isinstance(found, Value) and window is not None and window.pad_value == 4


def test_a_layer_behind_a_problem_is_looked_at_by_itself() -> None:
    walked = walk()
    convolutions.check_alone(walked, node("Conv", group=4), constant(WEIGHTS))
    assert "no whole number in each of 4 groups" in problems(walked)


def test_padding_minus_and_plus_one_takes_two_bits() -> None:
    walked = walk()
    bipolar = value(int_type=IntType(1, signed=True))
    found = convolutions.convolution(walked, node("Conv", pads=[1, 1, 1, 1]), bipolar, constant(WEIGHTS))
    assert found is not None
    recoded = walked.operations["input.two_bits"]
    assert recoded.operator == "thresholding" and recoded.out_type == IntType(2, signed=True)
    window = walked.operations["layer"].window
    assert window is not None and window.pad_value == 0 and walked.operations["layer"].sources == ("input.two_bits",)
