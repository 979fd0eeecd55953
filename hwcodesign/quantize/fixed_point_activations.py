"""Activations in dynamic fixed point: integers of few bits times a power of two for each quantizer's place.

Source: P. Gysel, M. Motamedi, S. Ghiasi, Ristretto, 2016: the smallest power of two that holds the largest value.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hwcodesign.nets.build import NetworkModule
from hwcodesign.quantize.float_network import scores
from hwcodesign.quantize.quantized import Grid


@contextmanager
def fixed_point_activations(module: NetworkModule, images: np.ndarray, bits: int) -> Iterator[None]:
    """Inside, what a hardware quantizer would round is rounded to `bits` bits; `images` uint8 NHWC say how large it is.

    Pixels are integers already, and scores stay as they are.
    """
    largest = dict.fromkeys(module.quantizers, 0.0)

    def grow(name: str) -> Any:
        def hook(_: Any, __: Any, value: Tensor) -> None:
            largest[name] = max(largest[name], float(value.abs().max()))

        return hook

    with _hooks(module, {name: grow(name) for name in module.quantizers}):
        scores(module, images)

    def rounding(name: str) -> Any:
        grid = Grid.of(bits, name in module.network.signed_quantizers)
        step = 2.0 ** float(np.ceil(np.log2(largest[name] / grid.high))) if largest[name] else 1.0
        return lambda _, __, value: grid.rounded(value, step)

    with _hooks(module, {name: rounding(name) for name in module.quantizers}):
        yield


@contextmanager
def _hooks(module: NetworkModule, hooks: dict[str, Any]) -> Iterator[None]:
    handles = [module.get_submodule(name).register_forward_hook(hook) for name, hook in hooks.items()]
    try:
        with torch.no_grad():
            yield
    finally:
        for handle in handles:
            handle.remove()
