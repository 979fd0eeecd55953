"""Activations in fixed point: a power of two that holds the largest, and the network as it was behind it."""

import numpy as np
import torch

from hwcodesign.nets.build import float_module
from hwcodesign.quantize.fixed_point_activations import fixed_point_activations
from hwcodesign.quantize.float_network import scores
from tests.quantize import small


def test_what_a_quantizer_gives_is_a_few_levels_of_a_power_of_two() -> None:
    torch.manual_seed(0)
    module, images, bits = float_module(small.network()).eval(), small.images(4), 3
    seen: list[torch.Tensor] = []
    name = module.quantizers[0]
    float_scores = scores(module, images)
    look = module.get_submodule(name).register_forward_hook(lambda _, __, value: seen.append(value.clone()))
    scores(module, images)
    look.remove()
    largest = float(seen.pop().max())
    with fixed_point_activations(module, images, bits):
        look = module.get_submodule(name).register_forward_hook(lambda _, __, value: seen.append(value.clone()))
        rounded = scores(module, images)
        look.remove()
    levels = np.unique(seen[0].numpy())
    step = levels[1] - levels[0]
    assert len(levels) <= 2**bits and np.log2(step) == np.round(np.log2(step))
    assert step * (2**bits - 1) >= largest > step * (2**bits - 1) / 2
    assert not np.array_equal(rounded, float_scores)
    assert np.array_equal(scores(module, images), float_scores)
