"""A quantization's result: what it computes, and normalisation folded into the first weights."""

import numpy as np
import pytest
import torch

from hwcodesign.core.errors import UserError
from hwcodesign.nets.network import LocalResponseNorm
from hwcodesign.quantize.quantized import Grid, Quantized, QuantizedLayer, apply, forward, with_normalisation
from tests.quantize import small

NET = small.network(conv1_pad=0)


def test_rounding_is_relu_and_levels() -> None:
    values = torch.tensor([-3.0, 0.24, 0.26, 9.0])
    assert Grid.of(2, signed=False).rounded(values, 0.5).tolist() == [0.0, 0.0, 0.5, 1.5]
    assert Grid.of(2, signed=True).rounded(values, 0.5).tolist() == [-1.0, 0.0, 0.5, 0.5]


def test_weights_are_integers_times_scales_by_filter() -> None:
    layer = QuantizedLayer(torch.ones(2, 1, 1, 1), torch.tensor([0.5, 2.0]), torch.zeros(2))
    assert layer.weight.ravel().tolist() == [0.5, 2.0]


def test_a_mean_and_a_divisor_by_channel_go_into_the_first_weights() -> None:
    weights, mean, divisor = small.weights(NET), (120.0, 110.0, 100.0), (60.0, 50.0, 40.0)
    folded = with_normalisation(NET, weights, mean, divisor)
    raw = torch.from_numpy(small.images(2).transpose(0, 3, 1, 2).astype(np.float64))
    first = NET.convolutions[0].name
    shape = (1, 3, 1, 1)
    normal = (raw - torch.tensor(mean).reshape(shape)) / torch.tensor(divisor).reshape(shape)
    sums = [
        torch.nn.functional.conv2d(x, *(torch.from_numpy(np.array(p, np.float64)) for p in w))
        for x, w in ((normal, weights[first]), (raw / 255, folded[first]))
    ]
    assert torch.allclose(*sums, rtol=1e-4, atol=1e-4)
    assert all(folded[name] is weights[name] for name in weights if name != first)


def test_with_fine_steps_it_computes_the_float_network() -> None:
    weights = small.weights(NET)
    layers = {
        name: QuantizedLayer(torch.from_numpy(w.weight).double(), torch.ones(len(w.bias)).double(),
                             torch.from_numpy(w.bias).double())
        for name, w in weights.items()
    }  # fmt: skip
    names = {node.quantizer for node in NET.nodes if getattr(node, "quantizer", None)}
    raw = torch.from_numpy(small.images(2).transpose(0, 3, 1, 2).copy()).float()
    fine = forward(
        NET, Quantized(layers, dict.fromkeys(names, 1e-4), dict.fromkeys(names, Grid.of(24, False))), raw, 0.0, 255.0
    )
    coarse = forward(
        NET, Quantized(layers, dict.fromkeys(names, 0.5), dict.fromkeys(names, Grid.of(2, False))), raw, 0.0, 255.0
    )
    assert fine.shape == (2, 5) and not torch.allclose(fine, coarse)


def test_a_node_without_hardware_is_named() -> None:
    with pytest.raises(UserError, match="norm1 can be analysed, but not become hardware"):
        apply(LocalResponseNorm("norm1", "input", 5), [torch.zeros(1)])
