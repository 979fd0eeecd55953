"""Layers of a float network that only move elements about: layouts, parts, shuffles, and upsampling."""

from dataclasses import replace
from typing import Any

import numpy as np

from hwcodesign.lower.file_network import Node as FileNode
from hwcodesign.lower.layout import moved as moved_array
from hwcodesign.lower.parts import PARTS, factors_of, order_of, parts_of
from hwcodesign.lower.upsampling import factors_of as upsampled_by
from hwcodesign.lower.upsampling import why_not_upsampled
from hwcodesign.lower.values import Constant
from hwcodesign.nets.network import Channels, PixelShuffle, Upsample
from hwcodesign.quantize.float_reader import Reader
from hwcodesign.quantize.float_tensors import Map, Pixels, Tensor


def moved(reader: Reader, node: FileNode, inputs: list[Tensor]) -> Tensor | tuple[Tensor, ...]:
    """Layouts and parts: noted in the tensor, until something reads it."""
    first, *others = inputs
    if not isinstance(first, Map | Pixels):
        reader.note(node, "it moves numbers that are computed at run time", "move feature maps alone")
        return None
    if node.operator in ("Identity", "Cast", "Dropout"):
        return reader.passed(node, first)
    whole = np.arange(np.prod(first.shape)).reshape(first.shape)
    places = whole if isinstance(first, Pixels) or first.places is None else first.places
    arrays = [tensor.real if isinstance(tensor, Constant) else None for tensor in others]
    if node.operator in PARTS:
        parts = parts_of(node, places, arrays)
    else:
        parts = (moved_array(node, places, arrays, reader.file.batch),)
    return tuple(_part(reader, node, first, part) for part in parts)


def _part(reader: Reader, node: FileNode, value: Map | Pixels, places: np.ndarray) -> Tensor:
    """Those elements of `value`."""
    size = np.prod(reader.map_shape(value.name) if isinstance(value, Map) else value.shape)
    if np.array_equal(places.ravel(), np.arange(size)):
        value = reader.passed(node, value)
        unmoved: dict[str, Any] = {"places": None, "mover": None} if isinstance(value, Map) else {}
        return replace(value, shape=places.shape, **unmoved)
    if isinstance(value, Pixels) or any(value.pad):
        reader.note(node, "it reorders the elements of its input: the pixels, or what was padded before it",
                   "begin with a convolution, and let it pad")  # fmt: skip
        return None
    alone = value.alone and len(node.outputs) == 1 and reader.read_once(node)
    return replace(value, shape=places.shape, alone=alone, places=places, mover=node)


def arranged(reader: Reader, node: FileNode, value: Map) -> Map | None:
    """`value` as a map of its own, of picked channels or blocks of pixels; None after noting why it is none."""
    if value.places is None or value.mover is None:
        return value
    shape = reader.map_shape(value.name)
    rows, columns = factors_of(value.places, shape)
    order = order_of(value.places, shape, (rows, columns))
    if order is None or rows != columns:
        reader.note(node, f"it reads what {value.mover.layer} reorders, or some rows or columns of it",
                   "reorder or take whole channels, in blocks of as many rows as columns")  # fmt: skip
        return None
    picked = order.reshape(rows * columns, -1).T.ravel()
    name = value.name
    if not np.array_equal(picked, np.arange(shape[0])):
        name = _put(reader, value, name, picked, Channels(reader.name(value.mover), name, tuple(picked.tolist())))
    if rows > 1:
        name = _put(reader, value, name, np.array([rows]), PixelShuffle(reader.name(value.mover), name, rows))
    return replace(value, name=name, places=None, mover=None)


def _put(reader: Reader, value: Map, source: str, how: np.ndarray, node: Channels | PixelShuffle) -> str:
    """The name of `node`, or of one that does the same to `source` already."""
    name = reader.moved.setdefault((source, how.tobytes()), node.name)
    if name == node.name:
        reader.nodes[name] = node
        reader.alone |= {name: value.alone}
    return name


def upsampled(reader: Reader, node: FileNode, inputs: list[Tensor]) -> Tensor:
    """Resize and Upsample, by the nearest neighbour."""
    value, *others = inputs
    if not isinstance(value, Map) or len(value.shape) != 4:
        reader.note(node, "it upsamples other things than feature maps", "begin with a convolution")
        return None
    problem = why_not_upsampled(node, value.shape, others, reader.file.opset)
    if problem is not None:
        reader.note(node, *problem)
        return None
    rows, columns = upsampled_by(node, value.shape, others)
    if rows == columns == 1:
        return reader.passed(node, value)
    made = Upsample(reader.name(node), value.name, (rows, columns))
    reader.alone |= {made.name: value.alone}
    return reader.gives(node, made, (*value.shape[:2], value.shape[2] * rows, value.shape[3] * columns))
