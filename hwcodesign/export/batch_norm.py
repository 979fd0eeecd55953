"""Batch norms of a state_dict taken into the convolutions before them, which are told by their names.

y = (x - mean) / sqrt(variance + epsilon) * weight + bias. A state_dict does not hold epsilon: it is PyTorch's own.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hwcodesign.core.errors import UserError

EPSILON = 1e-5
_MEAN, _VARIANCE = ".running_mean", ".running_var"


def folded(path: Path, tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """`tensors` by name, in their order, without batch norms: the convolutions' weights and biases have them.

    A norm belongs to the convolution that it is part of (conv1.norm), of its own number (bn1 to conv1), or that stands
    before it (1 behind 0). Raises UserError for one without a convolution.
    """
    norms = [key.removesuffix(_VARIANCE) for key in tensors if key.endswith(_VARIANCE)]
    found = {key: value for key, value in tensors.items() if key.rpartition(".")[0] not in norms}
    for norm in norms:
        conv = _convolution(norm, tensors)
        if conv is None:
            filters = len(tensors[norm + _VARIANCE])
            raise UserError(f"{path}: the batch norm {norm} follows no convolution of {filters} filters by its name: "
                            "fold it before saving, or bring the network as ONNX: --model")  # fmt: skip
        mean, variance = (tensors[norm + part].astype(np.float64) for part in (_MEAN, _VARIANCE))
        factor = tensors.get(f"{norm}.weight", 1.0) / np.sqrt(variance + EPSILON)
        weight, bias = found[f"{conv}.weight"], found.get(f"{conv}.bias", np.zeros(1, np.float32))
        made = weight * factor.reshape(-1, *[1] * (weight.ndim - 1)), (bias - mean) * factor
        found[f"{conv}.weight"] = made[0].astype(np.float32)
        found[f"{conv}.bias"] = (made[1] + tensors.get(f"{norm}.bias", 0.0)).astype(np.float32)
    return found


def _convolution(norm: str, tensors: Mapping[str, np.ndarray]) -> str | None:
    """The name of the layer whose sums the batch norm takes."""
    count = len(tensors[norm + _VARIANCE])
    keys = list(tensors)
    layers = [
        key.removesuffix(".weight")
        for key in keys
        if key.endswith(".weight") and tensors[key].ndim > 1 and len(tensors[key]) == count
    ]
    parent, _, last = norm.rpartition(".")
    if parent in layers:
        return parent
    beside = {name.rpartition(".")[2]: name for name in layers if name.rpartition(".")[0] == parent}
    if last.isdecimal():
        before = [number for number in beside if number.isdecimal() and int(number) < int(last)]
        return beside[max(before, key=int)] if before else None
    alike = [name for part, name in beside.items() if re.sub(r"\D", "", part) == re.sub(r"\D", "", last)]
    if len(alike) == 1:
        return alike[0]
    return next(
        (name for name in reversed(layers) if keys.index(f"{name}.weight") < keys.index(norm + _VARIANCE)), None
    )
