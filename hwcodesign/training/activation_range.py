"""Where each activation quantizer starts to clip, measured on the float network: the point of least squared error."""

import math

import torch
from torch import Tensor, nn

from hwcodesign.nets.blocks import Activation, SignedActivation
from hwcodesign.nets.build import NetworkModule

_STEPS = 64  # candidates, at equal distances up to the largest value seen
_VALUES = 1 << 16  # kept of each layer and batch


@torch.no_grad()
def set_ranges(model: NetworkModule, batches: list[Tensor]) -> None:
    """Set the clipping point of every quantizer of `model` from what `batches` of pixels give in float.

    A quantizer that several layers share sees the values of all of them. Bipolar quantizers have no range.
    """
    seen: dict[str, list[Tensor]] = {}

    def keep(name: str) -> object:
        return lambda module, inputs: seen.setdefault(name, []).append(
            _some(inputs[0].abs() if isinstance(module, SignedActivation) else inputs[0])
        )

    every = {name: model.get_submodule(name) for name in model.quantizers}
    quantizers = {name: m for name, m in every.items() if isinstance(m, Activation | SignedActivation)}
    hooks = [module.register_forward_pre_hook(keep(name)) for name, module in quantizers.items()]
    model.eval()
    for batch in batches:
        model(batch)
    for hook in hooks:
        hook.remove()
    for name, module in quantizers.items():
        module.clip_at(_best_clip(torch.cat(seen[name]), module.levels))


def _some(values: Tensor) -> Tensor:
    """What ReLU leaves of evenly spread elements of `values`, all channels alike."""
    flat = values.permute(0, 2, 3, 1).flatten()
    step = max(1, flat.numel() // _VALUES)
    while math.gcd(step, flat.numel()) > 1:  # else it would meet some channels, or some columns, only
        step += 1
    return nn.functional.relu(flat[::step].float())


def _best_clip(values: Tensor, levels: int) -> float:
    """The clipping point at which `levels` equal steps from 0 leave the least squared error."""
    largest = float(values.max())
    if largest == 0:
        return 1.0  # a dead layer: any range holds it

    def error(clip: float) -> float:
        step = clip / levels
        return float(((values / step).round().clamp(max=levels) * step - values).square().mean())

    return min((largest * i / _STEPS for i in range(1, _STEPS + 1)), key=error)
