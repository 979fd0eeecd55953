"""Image files for a board: the size is right or scaled when asked to, and a network of no pixels takes none."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hwcodesign.core.errors import UserError
from hwcodesign.core.integers import IntType
from hwcodesign.host.images import read_images
from tests.host.test_contract import PIXELS


@pytest.fixture
def image(tmp_path: Path) -> Path:
    height, width, _ = PIXELS.in_shape
    pixels = np.arange(height * width, dtype=np.uint8).reshape(height, width)
    Image.fromarray(pixels).save(tmp_path / "image.png")
    return tmp_path / "image.png"


def test_an_image_of_the_right_size_is_taken_as_it_is(image: Path) -> None:
    found = read_images([image, image], replace(PIXELS, in_shape=(*PIXELS.in_shape[:2], 1)))
    assert found.dtype == np.uint8 and len(found) == 2
    assert (found[0, :, :, 0] == np.asarray(Image.open(image))).all()


def test_grey_becomes_three_equal_channels(image: Path) -> None:
    found = read_images([image], replace(PIXELS, in_shape=(*PIXELS.in_shape[:2], 3)))
    assert (found[..., 0] == found[..., 2]).all()


def test_another_size_is_refused_or_scaled(image: Path) -> None:
    height, width, _ = PIXELS.in_shape
    other = replace(PIXELS, in_shape=(height + 2, width + 1, 1))
    with pytest.raises(UserError, match=f"has {width} x {height} pixels; .* takes {width + 1} x {height + 2}"):
        read_images([image], other)
    assert read_images([image], other, resize=True).shape == (1, height + 2, width + 1, 1)


@pytest.mark.parametrize("change", [{"in_type": IntType(4, signed=True)}, {"in_shape": (4, 4, 2)}])
def test_a_network_that_takes_no_pixels_says_what_it_takes(image: Path, change: dict[str, object]) -> None:
    with pytest.raises(UserError, match=r"use hwcodesign\.host\.Accelerator with arrays"):
        read_images([image], replace(PIXELS, **change))
