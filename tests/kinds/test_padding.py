"""Padding: zeros on the named sides, and when each output pixel can leave."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding, kind_of

PADDING = kind_of("padding")
UINT4 = IntType(4, signed=False)


def padding(height: int, width: int, pad: tuple[int, ...], kind: IntType = UINT4) -> Layer:
    top, left, bottom, right = pad
    padded = Stream((top + height + bottom, left + width + right, 2), kind)
    return Layer("conv1.pad", "padding", (Stream((height, width, 2), kind),), (padded,), {"pad": pad})


def test_order_of_the_sides_is_top_left_bottom_right() -> None:
    (output,) = PADDING.run(padding(1, 1, (1, 2, 0, 3)), [np.full((1, 1, 1, 2), 9)])
    assert output[0, :, :, 0].tolist() == [[0, 0, 0, 0, 0, 0], [0, 0, 9, 0, 0, 0]]


@given(
    height=st.integers(1, 5),
    width=st.integers(1, 5),
    pad=st.tuples(*[st.integers(0, 3)] * 4),
)
def test_an_output_pixel_needs_all_pixels_up_to_it(height: int, width: int, pad: tuple[int, ...]) -> None:
    layer = padding(height, width, pad)
    # A feature map whose every pixel is its number plus one: a pixel needs the largest one seen so far.
    numbers = np.arange(1, height * width + 1).reshape(1, height, width, 1).repeat(2, axis=-1)
    (output,) = PADDING.run(layer, [numbers])
    largest = 0
    for pixel, needed in zip(output[0, :, :, 0].ravel(), PADDING.needs(layer, 0), strict=True):
        largest = max(largest, int(pixel))
        assert needed == largest - 1
    assert PADDING.cycles(layer, Folding(2)) == layer.output.pixels


def test_refuses_bipolar_feature_maps() -> None:
    with pytest.raises(UserError, match=r"conv1.pad: a bipolar feature map .* cannot be padded with zeros"):
        PADDING.check(padding(2, 2, (1, 1, 1, 1), IntType(1, signed=True)))


def test_refuses_a_negative_border() -> None:
    with pytest.raises(UserError, match=r"pad must be four numbers of 0 or more"):
        PADDING.check(padding(4, 4, (0, -1, 0, 0)))


def test_any_value_of_the_type_may_be_the_border() -> None:
    layer = padding(1, 1, (0, 1, 0, 1), IntType(4, signed=True))
    layer = replace(layer, attributes={**layer.attributes, "value": -8})
    PADDING.check(layer)
    (output,) = PADDING.run(layer, [np.full((1, 1, 1, 2), 3)])
    assert output[0, 0, :, 0].tolist() == [-8, 3, -8]
    with pytest.raises(UserError, match=r"of type int4.*not 8"):
        PADDING.check(replace(layer, attributes={**layer.attributes, "value": 8}))


def test_a_bipolar_feature_map_may_be_padded_with_its_lowest_value() -> None:
    layer = padding(1, 1, (0, 1, 0, 0), IntType(1, signed=True))
    PADDING.check(replace(layer, attributes={**layer.attributes, "value": -1}))


def test_a_border_of_zeros_leaves_the_kernel_as_it_was() -> None:
    assert not {"VALUE", "BITS"} & PADDING.parameters(padding(2, 2, (1, 1, 1, 1)), Folding()).keys()
