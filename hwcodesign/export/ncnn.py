"""The convolutions of an ncnn model: `.param` names the layers in text, `.bin` holds their weights in that order.

A convolution's weights begin with a 32-bit tag: float32 follow, or float16 filled up to whole 32-bit words; then its
biases in float32. In the `.param` file 0= is the number of filters, 1= the kernel, 5=1 says that there are biases, and
6= is the number of weights.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.export.float_weights import Weights

_MAGIC = "7767517"
_FLOAT32, _FLOAT16 = 0, 0x01306B47
_WITHOUT_WEIGHTS = {"Input", "Pooling", "Split", "Concat", "Reshape", "Flatten", "Softmax", "ReLU", "Dropout"}


def read(path: Path) -> list[tuple[str, Weights]]:
    """(name, weights) of every convolution of `path` (.bin) in order; its `.param` file, or the only one, is beside it.

    Raises UserError if one of the two is missing, truncated, or has a layer with weights that is no convolution.
    """
    param = path.with_suffix(".param")
    if not param.is_file():
        others = sorted(path.parent.glob("*.param"))
        if len(others) != 1:
            raise UserError(f"{path} needs its layers' names and sizes, and there is no {param} beside it")
        (param,) = others
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    at, found = 0, []

    def take(dtype: str, count: int, what: str) -> np.ndarray:
        nonlocal at
        size = -(-count * np.dtype(dtype).itemsize // 4) * 4
        if at + size > len(content):
            raise UserError(f"{path} ends in {what}: that takes {size} bytes from byte {at} on, and the file has "
                            f"{len(content)}")  # fmt: skip
        values = np.frombuffer(content, dtype, count, at)
        at += size
        return values

    for name, values in _convolutions(param):
        filters, kernel, count = (_number(param, name, values, key) for key in (0, 1, 6))
        if min(filters, kernel, count) < 1 or count % (filters * kernel**2):
            raise UserError(
                f"{param}: {name} has {count} weights; they must be a multiple of {filters}x{kernel}x{kernel}"
            )
        tag = int(take("<u4", 1, f"the tag of {name}")[0])
        if tag not in (_FLOAT32, _FLOAT16):
            raise UserError(f"{path}: the weights of {name} begin with the tag {tag:#x} at byte {at - 4}; only float32 "
                            f"({_FLOAT32:#x}) and float16 ({_FLOAT16:#x}) can be read")  # fmt: skip
        weight = take("<f2" if tag == _FLOAT16 else "<f4", count, f"the weights of {name}").astype(np.float32)
        bias = take("<f4", filters, f"the biases of {name}") if values.get(5) == "1" else np.zeros(filters, np.float32)
        found.append((name, Weights(weight.reshape(filters, -1, kernel, kernel), bias)))
    if at != len(content):
        raise UserError(f"{path} has {len(content) - at} bytes behind its last convolution: {param} is not its own")
    return found


def _convolutions(param: Path) -> Iterator[tuple[str, dict[int, str]]]:
    lines = param.read_text(encoding="utf-8", errors="replace").splitlines()
    if not lines or lines[0].strip() != _MAGIC:
        raise UserError(f"{param} is no ncnn model in text: its first line must be {_MAGIC}")
    for number, line in enumerate(lines[2:], start=3):
        kind, *rest = line.split() or [""]
        if kind in _WITHOUT_WEIGHTS or not kind:
            continue
        if kind != "Convolution" or not rest:
            raise UserError(
                f"{param}, line {number}: {kind} has weights of a format that is not read; convolutions are"
            )
        values = [part.split("=", 1) for part in rest if "=" in part]
        yield rest[0], {int(key): value for key, value in values if key.lstrip("-").isdecimal()}


def _number(param: Path, name: str, values: dict[int, str], key: int) -> int:
    try:
        return int(values[key])
    except (KeyError, ValueError):
        raise UserError(f"{param}: {name} does not say {key}=, a whole number") from None
