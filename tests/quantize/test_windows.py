"""Windows are what a convolution multiplies its filters with."""

import numpy as np
import pytest
import torch

from hwcodesign.nets.network import Conv
from hwcodesign.quantize.quantized import convolved
from hwcodesign.quantize.windows import drawn_places, windows_at


@pytest.mark.parametrize(
    "keys", [{"kernel": 3, "pad": 1, "stride": 2}, {"kernel": (1, 3), "dilation": (1, 2), "groups": 3}]
)
def test_filters_times_windows_are_the_sums(keys):
    conv = Conv("conv", "input", filters=6, **keys)
    values = torch.randn(4, 3, 9, 9, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rows, columns = (keys["kernel"],) * 2 if isinstance(keys["kernel"], int) else keys["kernel"]
    weight = torch.randn(6, 3 // conv.groups, rows, columns, dtype=torch.float64)
    sums = convolved(conv, values, weight, torch.zeros(6, dtype=torch.float64)).flatten(2)
    places = drawn_places(sums.shape[2], 4, 30, np.random.default_rng(0))
    assert [len(set(part.tolist())) for part in places] == [8] * 4
    filters = weight.flatten(1).chunk(conv.groups)
    made = torch.cat([u @ w.T for u, w in zip(windows_at(conv, values, places), filters, strict=True)], 1)
    assert torch.allclose(made, torch.cat([sums[i][:, chosen].T for i, chosen in enumerate(places)]))


def test_there_are_no_more_places_than_pixels():
    assert [sorted(part.tolist()) for part in drawn_places(3, 2, 100, np.random.default_rng(0))] == [[0, 1, 2]] * 2
