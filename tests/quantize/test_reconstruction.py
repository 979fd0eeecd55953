"""Block by block against the float network: nearer to it on other images, and the same bits after an interruption."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from hwcodesign.nets.network import Quantization
from hwcodesign.quantize import reconstruction
from hwcodesign.quantize.blocks import blocks
from hwcodesign.quantize.layerwise import quantize
from hwcodesign.quantize.reconstruction import Lesson, chosen, reconstruct
from tests.quantize.small import images, network, weights
from tests.quantize.test_equalization import NUMBERS
from tests.quantize.test_layerwise import error

BITS = Quantization(3, 3)


def start(net):
    """A quantization with biases that no layerwise one would leave."""
    found = quantize(net, weights(net), images(16), net.weight_bits(BITS), net.activation_bits(BITS), NUMBERS)
    random = torch.Generator().manual_seed(1)
    for name, layer in found.layers.items():
        conv = next(conv for conv in net.convolutions if conv.name == name)
        away = torch.rand(len(layer.bias), generator=random).double() - 0.5
        found.layers[name] = replace(layer, bias=layer.bias + found.steps[conv.quantizer] * away)
    return found


def work(net, found, steps=100, **options):
    lesson = Lesson(images(64, seed=3), NUMBERS, steps, seed=1)
    return reconstruct(net, weights(net), found, net.weight_bits(BITS), lesson, **options)


@pytest.mark.parametrize("bypass", ["none", "complex"])
def test_it_comes_nearer_on_other_images_and_stays_within_the_bits(bypass):
    net, other = network(bypass=bypass, fire_modules=1), images(24, seed=5)
    found = start(net)
    made, history = work(net, found)
    assert [entry["block"] for entry in history] == [block.name for block in blocks(net)]
    assert all(entry["after"] <= entry["before"] for entry in history)
    assert history[0]["after"] < 0.9 * history[0]["before"]
    if bypass == "complex":  # where what one block loses is not lost again by chance in the next
        assert error(net, made, other) < 0.8 * error(net, found, other)
    assert all(layer.integers.abs().max() <= 3 for layer in made.layers.values())
    assert all(torch.equal(layer.integers, layer.integers.round()) for layer in made.layers.values())
    assert any(not torch.equal(made.layers[n].integers, found.layers[n].integers) for n in found.layers)
    assert made.steps.keys() == found.steps.keys() and made.grids == found.grids


def test_a_step_that_blocks_share_stays():
    net = network(bypass="simple")
    found = start(net)
    made, _ = work(net, found, steps=2)
    shared = {name for name, step in made.steps.items() if step == found.steps[name]}
    counts = Counter(quantizer for block in blocks(net) for quantizer in block.quantizers(net))
    assert {name for name, count in counts.items() if count > 1} <= shared < made.steps.keys()


def test_after_an_interruption_the_same_bits(tmp_path):
    net = network(fire_modules=1)
    found = start(net)
    whole, history = work(net, found, steps=5)
    heard = []

    def stop(block):
        heard.append(block)
        if len(heard) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work(net, found, steps=5, folder=tmp_path, on_block=stop)
    steps = []
    again, same = work(net, found, steps=5, folder=tmp_path, on_block=heard.append, on_iteration=steps.append)
    assert same == history and len(heard) == len(history)
    assert steps == list(range(11, 5 * len(history) + 1))
    assert again.steps == whole.steps
    for name, layer in whole.layers.items():
        assert torch.equal(again.layers[name].integers, layer.integers)
        assert torch.equal(again.layers[name].scales, layer.scales) and torch.equal(again.layers[name].bias, layer.bias)


def test_a_block_that_does_not_come_nearer_stays(monkeypatch):
    net = network(fire_modules=1)
    found = start(net)
    monkeypatch.setattr(reconstruction, "_RATES", reconstruction.Rates(move=1.0, factor=1.0, bias=100.0))
    made, history = work(net, found, steps=3)
    assert all(entry["after"] == entry["before"] for entry in history)
    assert made is found


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_maps_of_any_size_are_kept(size):
    values = torch.rand((20, 2, 3, 3), generator=torch.Generator().manual_seed(0)) * size
    kept = reconstruction._over_all(lambda part: part, values)
    assert torch.allclose(kept.float(), values, rtol=1e-3, atol=1e-4 * size)
    assert (kept.dtype == torch.float16) == (size == 1)


def test_so_many_images_as_stay_in_memory(monkeypatch):
    monkeypatch.setattr(reconstruction, "MOST_IMAGES", 4)
    assert np.array_equal(chosen(np.arange(8)), [0, 2, 4, 6]) and len(chosen(np.arange(3))) == 3
