"""A block that trains gives at first what the quantized network gives, and is read back as it is."""

import pytest
import torch

from hwcodesign.nets.network import INPUT, Quantization
from hwcodesign.quantize.blocks import Block
from hwcodesign.quantize.layerwise import quantize
from hwcodesign.quantize.quantized import forward
from hwcodesign.quantize.trainable import Rates, Trainable
from hwcodesign.quantize.whitened import whitened
from hwcodesign.recipe import load_recipe
from tests.quantize.small import images, network, weights
from tests.quantize.test_equalization import NUMBERS

BITS = Quantization(3, 4)


def residual():
    """Signed quantizers, and scores of one scale."""
    changes = {"data.size": (20, 20), "data.classes": 5, "data.dataset": "none"}
    return load_recipe("resnet-8", changes).describe()


@pytest.mark.parametrize("directions", ["each weight", "white"])
@pytest.mark.parametrize("make", [network, residual])
def test_it_is_the_quantized_network_before_and_after_a_step(make, directions):
    net, pixels = make(), images(4, seed=2)
    bits = net.weight_bits(BITS)
    found = quantize(net, weights(net), images(8), bits, net.activation_bits(BITS), NUMBERS)
    white = whitened(net, found, images(8), NUMBERS) if directions == "white" else {}
    model = Trainable(net, Block(INPUT, net.nodes), found, bits, fixed=("conv1.quantizer",), white=white)
    raw = torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy()).float()

    def scores():
        return model((raw - NUMBERS[0]) / NUMBERS[1]).flatten(1)

    assert torch.allclose(scores(), forward(net, found, raw, *NUMBERS), atol=1e-4)
    optimizer = model.optimizer(Rates(move=0.6, factor=0.01, bias=0.1))
    scores().square().mean().backward()
    optimizer.step()
    now = model.quantized()
    assert torch.allclose(scores(), forward(net, now, raw, *NUMBERS), atol=1e-3 * float(scores().abs().max()))
    for conv in net.convolutions:
        before, after = found.layers[conv.name], now.layers[conv.name]
        assert not torch.equal(before.integers, after.integers) and after.integers.abs().max() <= 3
        assert not torch.equal(before.bias, after.bias)
        assert conv.quantizer or len(set(after.scales.tolist())) == 1
    moved = {name for name, step in now.steps.items() if step != pytest.approx(found.steps[name], rel=1e-6)}
    assert moved == found.steps.keys() - {"conv1.quantizer"}
