"""The handwritten digits that come with scikit-learn: 1,797 images of 8x8 pixels in 17 levels of grey.

Source: E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998.
"""

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.data.dataset import Dataset, held_apart


def read(channels: int) -> Dataset:
    """All digits at 8x8, levels 0..16 spread over 0..255; 359 are held out.

    Raises UserError if scikit-learn is missing or the recipe wants colour.
    """
    if channels != 1:
        raise UserError(f"data.channels = {channels}: the digits are grey; use channels = 1")
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise UserError("the digits come with scikit-learn, which is not installed: pip install scikit-learn") from None
    bundle = load_digits()
    images = np.rint(bundle.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    labels = bundle.target.astype(np.int64)
    train, test = held_apart(labels)
    return Dataset("digits", tuple("0123456789"), images[train], labels[train], images[test], labels[test])
