"""Windows of operations: as many as PyTorch makes."""

import pytest
import torch

from hwcodesign.lower.operation import Window


@pytest.mark.parametrize(
    "window",
    [
        Window((3, 3)),
        Window((2, 3), (2, 1)),
        Window((3, 3), (2, 2), (1, 1, 1, 1)),
        Window((3, 2), (3, 2), (0, 1, 2, 0)),
        Window((7, 5)),
    ],
)
def test_rows_and_columns_are_those_of_a_convolution(window: Window) -> None:
    top, left, bottom, right = window.pad
    padded = torch.nn.functional.pad(torch.zeros(1, 1, 7, 5), (left, right, top, bottom))
    made = torch.nn.functional.conv2d(padded, torch.zeros(1, 1, *window.kernel), stride=window.stride)
    assert window.slide(7, 5) == tuple(made.shape[2:])
