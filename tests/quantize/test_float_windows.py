"""Windows of files: their zeros by number and by rule, and kernels that make these the same on both sides."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import NodeProto

from hwcodesign.lower.file_network import Node
from hwcodesign.quantize.float_windows import NO_BORDER, centred, why_no_window, window_of

SIDES = st.integers(0, 3)


def conv(**attributes) -> Node:
    return Node("conv", "Conv", ("x", "w"), ("y",), attributes, False, NodeProto())


@pytest.mark.parametrize(
    ("attributes", "kernel", "there", "border"),
    [
        ({}, (3, 3), NO_BORDER, NO_BORDER),
        ({"pads": [1, 0, 2, 3]}, (3, 3), (0, 1, 0, 1), (1, 1, 2, 4)),
        ({"auto_pad": "VALID"}, (3, 3), NO_BORDER, NO_BORDER),
        ({"auto_pad": "SAME_UPPER"}, (4, 3), NO_BORDER, (1, 1, 2, 1)),
        ({"auto_pad": "SAME_LOWER"}, (4, 3), NO_BORDER, (2, 1, 1, 1)),
        ({"auto_pad": "SAME_UPPER", "strides": [2, 2]}, (3, 3), NO_BORDER, (0, 1, 1, 1)),
        ({"auto_pad": "SAME_UPPER", "strides": [3, 3]}, (1, 1), NO_BORDER, NO_BORDER),
        ({"auto_pad": "SAME_UPPER", "dilations": [2, 1]}, (3, 3), NO_BORDER, (2, 1, 2, 1)),
        ({"auto_pad": "SAME_UPPER", "dilations": [1, 2], "strides": [2, 2]}, (3, 3), NO_BORDER, (0, 2, 1, 2)),
    ],
)
def test_zeros_around_a_map(attributes, kernel, there, border):
    assert window_of(conv(**attributes), kernel, (8, 9), there)[2] == border


def test_what_is_no_window_of_ours():
    assert "3 sides" in why_no_window(conv(), (3, 3, 3))[0]
    pool = Node("pool", "MaxPool", ("x",), ("y",), {"dilations": [1, 2]}, False, NodeProto())
    assert "dilated" in why_no_window(pool, (3, 3))[0]
    assert why_no_window(conv(dilations=[1, 2]), (3, 1)) is None


@settings(max_examples=50, deadline=None)
@given(
    st.tuples(SIDES, SIDES, SIDES, SIDES),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.integers(1, 3),
    st.tuples(st.integers(1, 3), st.integers(1, 2)),
)
def test_a_centred_kernel_gives_the_same(border, sides, stride, dilation):
    random = np.random.default_rng(0)
    kernel, frame = random.normal(size=(2, 3, *sides)), torch.from_numpy(random.normal(size=(1, 3, 7, 6)))
    top, left, bottom, right = border
    wanted = torch.nn.functional.conv2d(
        torch.nn.functional.pad(frame, (left, right, top, bottom)),
        torch.from_numpy(kernel),
        stride=stride,
        dilation=dilation,
    )
    made, padding, apart = centred(kernel, border, dilation)
    given = torch.nn.functional.conv2d(frame, torch.from_numpy(made), None, stride, padding, apart)
    assert given.shape == wanted.shape and torch.allclose(given, wanted)
