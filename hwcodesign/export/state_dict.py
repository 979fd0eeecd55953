"""Tensors by name: PyTorch's own files, read without running what they hold, and safetensors.

A safetensors file is a 64-bit length, so many bytes of JSON ({name: {dtype, shape, data_offsets}}), then the data.
"""

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.core.windows import both
from hwcodesign.export.batch_norm import folded
from hwcodesign.export.float_weights import Weights, by_name, in_order, write_file
from hwcodesign.nets.network import Network

_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_HEAD = re.compile(r"(^|\.)(classifier|fc|head|output|last)\b")


def read(path: Path, network: Network) -> dict[str, Weights]:
    """The weights of every convolution of `network`: by our names if the file has them, else by order and shape.

    Batch norms are folded into them.
    A linear layer is a convolution whose kernel covers its whole input. Raises UserError if the file is damaged, holds
    anything but tensors, or is of another network: which tensors, which shapes.
    """
    tensors = folded(path, read_tensors(path))
    named = by_name(network, tensors)
    if named is not None:
        return named
    failure: UserError | None = None
    for keys in _orders(list(tensors)):  # safetensors sorts by name; the last layer is often called classifier
        try:
            return in_order(path, network, _convolutions(network, tensors, keys))
        except UserError as error:
            failure = failure or error
    assert failure is not None
    raise failure


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """All floating-point tensors of the file as float32. Raises UserError as `read` does."""
    return _safetensors(path) if path.suffix == ".safetensors" else _pickled(path)


def write(path: Path, weights: Mapping[str, Weights]) -> int:
    """Write a safetensors file of float32 by our names, NAME.weight and NAME.bias; returns its bytes.

    Raises UserError if it cannot be written.
    """
    tensors = {f"{name}.{part}": np.asarray(values, "<f4") for name, pair in weights.items()
               for part, values in pair._asdict().items()}  # fmt: skip
    ends = np.cumsum([tensor.nbytes for tensor in tensors.values()]).tolist()
    header = json.dumps({
        name: {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [end - tensor.nbytes, end]}
        for (name, tensor), end in zip(tensors.items(), ends, strict=True)
    }).encode()  # fmt: skip
    header += b" " * (-len(header) % 8)  # so that the data is aligned
    content = len(header).to_bytes(8, "little") + header + b"".join(tensor.tobytes() for tensor in tensors.values())
    return write_file(path, content)


def _pickled(path: Path) -> dict[str, np.ndarray]:
    import torch

    try:
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever the bytes lead to
        why = str(error).strip().splitlines()[0]
        if "Unsupported global" in str(error):
            raise UserError(f"{path} holds Python objects, which could run anything, and is not read: save its tensors "
                            "alone, torch.save(model.state_dict(), ...), or as safetensors") from None  # fmt: skip
        raise UserError(f"cannot read {path}: {why}") from None
    for key in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not any(isinstance(v, torch.Tensor) for v in content.values()):
        raise UserError(f"{path} holds no state_dict, a dictionary of tensors by name, but a {type(content).__name__}")
    return {
        key: value.detach().float().numpy()
        for key, value in content.items()
        if isinstance(value, torch.Tensor) and value.is_floating_point()
    }


def _safetensors(path: Path) -> dict[str, np.ndarray]:
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    try:
        header = json.loads(content[8 : 8 + size]) if len(content) >= 8 + size else None
        assert isinstance(header, dict)
        items = [(key, v["dtype"], tuple(map(int, v["shape"])), *map(int, v["data_offsets"]))
                 for key, v in header.items() if key != "__metadata__"]  # fmt: skip
    except (ValueError, KeyError, TypeError, AssertionError):
        raise UserError(
            f"{path} is no safetensors file, or truncated: its header of {size} bytes is not whole"
        ) from None
    found = {}
    for key, kind, shape, begin, end in items:
        if kind not in _TYPES:
            continue
        count, itemsize = math.prod(shape), np.dtype(_TYPES[kind]).itemsize
        negative = begin < 0 or min(shape, default=0) < 0
        if end - begin != count * itemsize or negative or 8 + size + end > len(content):
            raise UserError(f"{path}: the tensor {key} of shape {shape} lies at bytes {begin} to {end} of "
                            f"{len(content) - 8 - size}: the file is truncated or damaged")  # fmt: skip
        values = np.frombuffer(content, _TYPES[kind], count, 8 + size + begin)
        if kind == "BF16":
            values = (values.astype("<u4") << 16).view("<f4")
        found[key] = values.astype(np.float32).reshape(shape)
    return found


def _convolutions(network: Network, tensors: dict[str, np.ndarray], keys: list[str]) -> list[tuple[str, Weights]]:
    found: list[tuple[str, Weights]] = []
    for key in keys:
        weight = tensors[key]
        bias = tensors.get(f"{key.removesuffix('weight')}bias")
        bias = np.zeros(len(weight), np.float32) if bias is None else bias
        if weight.ndim == 2:
            weight = _as_kernel(network, weight, len(found))
        found.append((key, Weights(weight, bias)))
    return found


def _as_kernel(network: Network, weight: np.ndarray, index: int) -> np.ndarray:
    """The matrix of a linear layer, (out, channels * height * width), as the convolution at its place has it."""
    convs = network.convolutions
    kernel = both(convs[index].kernel if index < len(convs) else 1)
    whole = weight.shape[1] % math.prod(kernel) == 0
    return weight.reshape(len(weight), -1, *kernel) if whole else weight[:, :, None, None]


def _orders(names: list[str]) -> list[list[str]]:
    """The file's order; by name, numbers as numbers; and that with the last layer last."""
    weights = [name for name in names if name.endswith("weight")]
    natural = sorted(weights, key=lambda name: [int(p) if p.isdecimal() else p for p in re.split(r"(\d+)", name)])
    last = [name for name in natural if _HEAD.search(name)]
    return [weights, natural, [name for name in natural if name not in last] + last]
