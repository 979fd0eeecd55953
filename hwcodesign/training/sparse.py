"""Weights that are not there: the smallest set to 0, and held there while the others train on.

What is held needs no mask beside the weights: it is what is 0. So checkpoints of a sparse network are those of any
other, and a training that was interrupted knows its zeros again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize, prune

from hwcodesign.nets.build import NetworkModule


@torch.no_grad()
def set_smallest_to_zero(model: NetworkModule, sparsity: float) -> None:
    """In every convolution but the first, the share `sparsity` of its weights that are smallest.

    The first has few weights, and all that follows depends on them (S. Han et al., DSD, 2016).
    """
    smallest = prune.L1Unstructured(amount=sparsity)
    for conv in model.network.convolutions[1:]:
        weight = model.get_submodule(conv.name).weight
        weight.copy_(smallest.prune(weight.contiguous()))


@contextmanager
def zeros_held(model: nn.Module, on: bool = True) -> Iterator[None]:
    """Inside, no weight of a convolution that is 0 moves: it has no gradient.

    The optimizer must be a fresh one, whose momentum does not push them, or one that has seen these zeros alone.
    A weight that is computed from parameters (a codebook's) is left to those.
    """
    layers = [layer for layer in model.modules() if on and isinstance(layer, nn.Conv2d)]
    weights = [layer.weight for layer in layers if not parametrize.is_parametrized(layer, "weight")]
    hooks = [weight.register_hook(_masked(weight.detach() != 0)) for weight in weights]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _masked(mask: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda gradient: gradient * mask
