"""Windows as ONNX's attributes describe them: strides, pads and auto_pad beside onnxruntime's own shapes."""

import math
from itertools import product

import numpy as np
import pytest
import torch
from torch.nn import functional

from hwcodesign.lower.operation import Window
from hwcodesign.lower.windows import kernel_of, whole_pads, window_of, without_padding
from tests.lower.walking import node, problems, value, walk

MAP = (2, 7, 5)


def made(attributes: dict[str, object], kernel: tuple[int, int] = (3, 3), more=(0, 0, 0, 0)) -> Window | None:  # type: ignore[no-untyped-def]
    return window_of(walk(), node("MaxPool", **attributes), MAP, kernel, more)


def test_defaults_are_onnxs() -> None:
    assert made({}) == Window((3, 3))
    assert made({"strides": [2, 1], "pads": [0, 1, 2, 3]}) == Window((3, 3), (2, 1), (0, 1, 2, 3))
    assert made({"pads": [1, 1, 1, 1]}, more=(1, 2, 0, 0)) == Window((3, 3), (1, 1), (2, 3, 1, 1))


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [(1, 1), (2, 3), (3, 3)])
@pytest.mark.parametrize("end", ["UPPER", "LOWER"])
def test_same_makes_as_many_windows_as_the_stride_leaves(end: str, kernel: tuple[int, int], stride: int) -> None:
    window = made({"auto_pad": f"SAME_{end}", "strides": [stride, stride]}, kernel)
    assert window is not None
    assert window.slide(*MAP[1:]) == (math.ceil(7 / stride), math.ceil(5 / stride))
    top, left, bottom, right = window.pad
    assert 0 <= bottom - top <= 1 or (end == "LOWER" and 0 <= top - bottom <= 1)
    assert 0 <= right - left <= 1 or (end == "LOWER" and 0 <= left - right <= 1)


def test_valid_has_no_padding_whatever_pads_say() -> None:
    assert made({"auto_pad": "VALID", "pads": [1, 1, 1, 1]}) == Window((3, 3))


def test_one_axis_is_one_row_high() -> None:
    found = window_of(walk(), node("MaxPool", strides=[2], pads=[1, 0]), (2, 1, 6), (1, 3))
    assert found == Window((1, 3), (1, 2), (0, 1, 0, 0))
    assert kernel_of(node("MaxPool", kernel_shape=[3])) == (1, 3)


@pytest.mark.parametrize(
    ("attributes", "kernel", "message"),
    [
        ({"dilations": [2, 1]}, (3, 3), "its dilation is [2, 1]"),
        ({"ceil_mode": 1, "strides": [2, 2]}, (2, 2), "ceil_mode cuts its last window at a feature map of 7 x 5"),
        ({}, (8, 3), "its window of 8 x 3 is larger than its feature map of 7 x 5 pixels"),
    ],
)
def test_what_has_no_hardware_is_told(attributes: dict[str, object], kernel: tuple[int, int], message: str) -> None:
    noted = walk()
    assert window_of(noted, node("MaxPool", **attributes), MAP, kernel) is None
    assert message in problems(noted)


def test_a_convolution_may_be_dilated_but_not_along_a_side_of_one() -> None:
    found = window_of(walk(), node("Conv", dilations=[2, 2], auto_pad="SAME_UPPER"), MAP, (3, 1), dilated=True)
    assert found == Window((3, 1), (1, 1), (2, 0, 2, 0), dilation=(2, 1))
    assert found is not None and found.slide(*MAP[1:]) == MAP[1:]


def test_ceil_mode_where_nothing_is_cut_is_no_problem() -> None:
    assert made({"ceil_mode": 1, "strides": [2, 2]}) == Window((3, 3), (2, 2))


@pytest.mark.parametrize("kernel", [1, 2, 3])
def test_what_is_cut_off_is_filled_up_to_torchs_maxima(kernel: int) -> None:
    for side, step, pad in product(range(3, 9), (1, 2, 3), range(kernel // 2 + 1)):
        frame = torch.rand(1, side, 5)
        given = {"strides": [step, 2], "pads": [pad] * 4, "ceil_mode": 1}
        window = window_of(walk(), node("MaxPool", **given), (1, side, 5), (kernel, kernel), filled_up=True)
        assert window is not None
        top, left, bottom, right = window.pad
        padded = functional.pad(frame, (left, right, top, bottom), value=-torch.inf)
        found = functional.max_pool2d(padded, kernel, (step, 2))
        assert torch.equal(found, functional.max_pool2d(frame, kernel, (step, 2), pad, ceil_mode=True))


def test_a_pads_zeros_are_found_again() -> None:
    source = value((2, 3, 3))
    around = [(0, 0), (0, 0), (1, 2), (0, 3)]
    from dataclasses import replace

    padded = replace(source, place=np.pad(source.place, around, constant_values=-1))
    found, pads = without_padding(padded)
    assert pads == (1, 0, 2, 3) and (found.place == source.place).all()
    assert without_padding(source) == (source, (0, 0, 0, 0))


@pytest.mark.parametrize(("side", "kernel", "stride", "dilation"), product(range(5, 10), (2, 3), (1, 2, 3), (1, 2)))
def test_ceil_mode_as_padding_is_the_same_pool(side: int, kernel: int, stride: int, dilation: int) -> None:
    given = {"kernel_shape": [kernel] * 2, "strides": [stride, 1], "pads": [1] * 4, "dilations": [dilation] * 2}
    top, left, bottom, right = whole_pads(given, [side, side])
    frames = torch.from_numpy(np.random.default_rng(1).normal(size=(1, 1, side, side)))
    wanted = functional.max_pool2d(frames, kernel, (stride, 1), 1, dilation, ceil_mode=True)
    padded = functional.pad(frames, (left, right, top, bottom), value=-math.inf)
    assert torch.equal(functional.max_pool2d(padded, kernel, (stride, 1), 0, dilation), wanted)
    line = {"kernel_shape": [kernel], "strides": [stride], "pads": [1, 1], "dilations": [dilation]}
    assert whole_pads(line, [side]) == [top, bottom]
