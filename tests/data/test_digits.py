"""The built-in digits: counted, spread over all grey levels, split the same for every recipe."""

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.data import digits


def test_every_image_is_trained_on_or_held_out() -> None:
    found = digits.read(1)
    assert (len(found.train_images), len(found.test_images)) == (1438, 359)
    assert found.train_images.shape[1:] == (8, 8, 1) and found.train_images.dtype == np.uint8
    assert set(np.unique(found.train_images)) == {round(level * 255 / 16) for level in range(17)}
    shares = np.bincount(found.test_labels, minlength=10) / np.bincount(found.train_labels, minlength=10)
    assert shares.min() > 0.23 and shares.max() < 0.27  # a fifth of every class


def test_the_digits_are_grey() -> None:
    with pytest.raises(UserError, match=r"data.channels = 3: the digits are grey; use channels = 1"):
        digits.read(3)
