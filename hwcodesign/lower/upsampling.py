"""Upsampling by the nearest neighbour: every pixel a whole number of times, which costs a row's memory."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hwcodesign.core.onnx_nodes import without_attributes
from hwcodesign.lower.activations import not_quantized
from hwcodesign.lower.constant_folding import fold
from hwcodesign.lower.file_network import Node
from hwcodesign.lower.values import Constant, Value, places
from hwcodesign.lower.walk import Tensor, Walk

Fault = tuple[str, str]


def upsample(walk: Walk, node: Node, value: Value, *others: Tensor | None) -> Value | None:
    """Resize and Upsample, whichever way they say how many pixels become of one."""
    fault: Fault | None
    if not value.is_map or value.place.ndim != 4:
        fault = "its input is reordered before it", "upsample tensors of (channels, height, width)"
    elif value.terms:
        fault = not_quantized(value)
    else:
        fault = why_not_upsampled(node, value.place.shape, others, walk.network.opset)
    if fault is not None:
        walk.note(node, *fault, value)
        return None
    rows, columns = factors_of(node, value.place.shape, others)
    if rows == columns == 1:
        return value
    shape = (value.shape[0], value.shape[1] * rows, value.shape[2] * columns)
    name = walk.operation(node.layer, "upsample", value, attributes={"factors": (rows, columns)})
    return replace(value, operation=name, shape=shape, place=places(shape))


def why_not_upsampled(node: Node, shape: Sequence[int], others: Sequence[object], opset: int) -> Fault | None:
    """Why hardware cannot, and what to do; None if every pixel of a tensor of `shape` comes equally often."""
    found: Fault | None = None
    scales = np.ones(4)
    if any(other is not None and not isinstance(other, Constant) for other in others):
        found = "its size is computed at run time", "give it a constant scale_factor"
    elif node.attributes.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        found = "its size follows from a ratio that it keeps", "give it a constant scale_factor"
    elif node.attributes.get("mode", "nearest") != "nearest":
        mode = node.attributes["mode"]
        found = f"it interpolates, mode {mode}", 'use mode="nearest", with a convolution behind it to smooth'
    else:
        scales = _scales(node, shape, others)
    whole = np.maximum(np.rint(scales), 1)
    if np.any(scales != whole) or np.any(scales[:2] != 1):
        by, nearest = (" x ".join(f"{number:g}" for number in numbers[2:]) for numbers in (scales, whole))
        found = f"it upsamples by {by}", f"use whole factors, such as {nearest}"
    elif found is None and not _repeats(node, shape, others, opset, int(scales[2]), int(scales[3])):
        found = "its rounding does not repeat every pixel equally often", 'use nn.Upsample(mode="nearest")'
    return found


def factors_of(node: Node, shape: Sequence[int], others: Sequence[object]) -> tuple[int, int]:
    """How often each row and each column comes."""
    rows, columns = (int(factor) for factor in _scales(node, shape, others)[2:])
    return rows, columns


def _scales(node: Node, shape: Sequence[int], others: Sequence[object]) -> np.ndarray:
    """Of the four axes, of which the file may name some (opset 18). In opset 10 they are the one input."""
    axes = list(node.attributes.get("axes", range(4)))
    every = np.ones(4)
    numbers = [other.real.ravel() if isinstance(other, Constant) else np.zeros(0) for other in others]
    if node.operator == "Upsample":
        found: np.ndarray = numbers[0] if numbers else np.array(node.attributes["scales"])
        return found.astype(np.float64)
    if len(numbers) > 2 and numbers[2].size:
        every[axes] = numbers[2] / np.array(shape)[axes]
    else:
        every[axes] = numbers[min(1, len(numbers) - 1)]
    return every


def _repeats(node: Node, shape: Sequence[int], others: Sequence[object], opset: int, rows: int, columns: int) -> bool:
    """Whether ONNX's own evaluation of the node copies every pixel so often: of one column, then of one row."""
    if node.operator == "Upsample" or opset < 11:  # defined as a repetition; ONNX's reference does not have them
        return True
    # ONNX's reference does not count axes from the end.
    plain = replace(node, proto=without_attributes(node.proto, "axes"))
    for axis, factor in ((2, rows), (3, columns)):
        pixels = np.arange(shape[axis], dtype=np.float32)
        line = pixels.reshape([-1 if at == axis else 1 for at in range(4)])
        constants = [
            _along(node, other, axis, line.shape if at == 2 else (1,) * 4) if isinstance(other, Constant) else None
            for at, other in enumerate(others)
        ]
        found = fold(plain, [Constant(line), *constants], opset).real
        if not np.array_equal(found.ravel(), pixels.repeat(factor)):
            return False
    return True


def _along(node: Node, constant: Constant, axis: int, others: tuple[int, ...]) -> Constant:
    """The scales or sizes of the file's axes as those of one row or column of one channel; along the `others` these."""
    numbers, axes = constant.real, np.array(node.attributes.get("axes", range(4))) % 4
    if numbers.size != len(axes):
        return constant
    every = np.array(others, dtype=numbers.dtype)
    every[axes[axes == axis]] = numbers[axes == axis]
    return Constant(every)
