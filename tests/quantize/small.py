"""A small SqueezeNet with random float weights, and images for it."""

import numpy as np

from hwcodesign.export.float_weights import Weights, shape_of
from hwcodesign.nets.network import Network
from hwcodesign.nets.squeezenet import SqueezeNet


def network(**keys) -> Network:
    values = {"base_e": 16, "incr_e": 0, "fire_modules": 2, "SR": 0.5, "conv1_filters": 8, "conv1_kernel": 3,
              "pool_after": ("conv1",)} | keys  # fmt: skip
    return SqueezeNet(**values).describe((20, 20, 3), 5)


def weights(net: Network, seed: int = 0) -> dict[str, Weights]:
    """Of the size that keeps activations as large from layer to layer, with biases."""
    random, found = np.random.default_rng(seed), {}
    for conv in net.convolutions:
        shape = shape_of(net, conv)
        deviation = np.sqrt(2 / np.prod(shape[1:]))
        found[conv.name] = Weights(random.normal(0, deviation, shape).astype(np.float32),
                                   random.normal(0.05, 0.05, shape[0]).astype(np.float32))  # fmt: skip
    return found


def images(count: int, seed: int = 0) -> np.ndarray:
    """uint8 (count, 20, 20, 3), smooth as pictures are."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (count, 5, 5, 3)).repeat(4, 1).repeat(4, 2)
    return np.clip(coarse + random.integers(-20, 21, coarse.shape), 0, 255).astype(np.uint8)
