"""Upsampling is PyTorch's by the nearest neighbour; when each copy can leave; what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Attribute, IntType, Layer, Stream
from hwcodesign.kinds import Folding, kind_of

UPSAMPLE = kind_of("upsample")


def larger(factors: tuple[int, int], shape: tuple[int, int, int] = (2, 3, 4)) -> Layer:
    source = Stream(shape, IntType(5, signed=True))
    layer = Layer("up", "upsample", (source,), (source,), {"factors": factors})
    return replace(layer, outputs=(UPSAMPLE.output(layer),))


@pytest.mark.parametrize("factors", [(2, 2), (1, 3), (2, 1)])
def test_it_is_pytorchs(factors: tuple[int, int]) -> None:
    layer = larger(factors)
    frames = np.random.default_rng(1).integers(-16, 16, (3, 2, 3, 4))
    wanted = torch.nn.Upsample(scale_factor=factors)(torch.from_numpy(frames.transpose(0, 3, 1, 2)).float())
    assert np.array_equal(UPSAMPLE.run(layer, [frames])[0], wanted.numpy().transpose(0, 2, 3, 1))
    assert layer.output.shape == wanted.numpy().transpose(0, 2, 3, 1).shape[1:]


@given(rows=st.integers(1, 3), columns=st.integers(2, 3), height=st.integers(1, 3), width=st.integers(1, 3))
def test_a_pixel_needs_all_pixels_up_to_it(rows: int, columns: int, height: int, width: int) -> None:
    layer = larger((rows, columns), (height, width, 1))
    numbers = np.arange(height * width).reshape(1, height, width, 1)
    largest = np.maximum.accumulate(UPSAMPLE.run(layer, [numbers])[0].ravel())
    assert np.array_equal(UPSAMPLE.needs(layer, 0), largest)
    assert UPSAMPLE.cycles(layer, Folding(1)) == layer.output.pixels


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"factors": (1, 1)}, "grows by two whole factors of 1 or more, one above 1"),
        ({"factors": (3, 2)}, r"the larger map is \(6, 6, 4\) int5, not \(4, 6, 4\) int5"),
    ],
)
def test_refuses(attributes: dict[str, Attribute], message: str) -> None:
    with pytest.raises(UserError, match=f"^up: .*{message}"):
        UPSAMPLE.check(replace(larger((2, 2)), attributes=attributes))
