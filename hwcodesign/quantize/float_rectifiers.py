"""ReLUs of a float network: each goes into the layer that it stands behind, or quantizes again."""

from dataclasses import replace

import numpy as np

from hwcodesign.lower.file_network import Node as FileNode
from hwcodesign.lower.values import Constant
from hwcodesign.nets.network import (
    Add,
    Concat,
    Conv,
    MaxPool,
    Moving,
    Requantize,
    may_be_negative,
)
from hwcodesign.quantize.float_clips import RECTIFIERS, end_of, ends_of, leak_of
from hwcodesign.quantize.float_reader import Reader
from hwcodesign.quantize.float_tensors import Map, Tensor


def relu(reader: Reader, node: FileNode, inputs: list[Tensor]) -> Tensor:
    """Relu, and what clips at 0, at a number above, or at both: ReLU6 is Clip, or Relu and Min, or Max and Min."""
    value = next((tensor for tensor in inputs if not isinstance(tensor, Constant)), None)
    if not isinstance(value, Map):
        reader.note(node, "it stands behind the pixels themselves", "begin with a convolution")
        return None
    least, most = ends_of(node, inputs)
    rectifies = least == 0 or (least < 0 and _already(reader, value.name, np.inf))
    if not rectifies or not most > 0:
        reader.note(node, "it clips at other ends than 0 and a number above", RECTIFIERS)
        return None
    return _rectified(reader, node, value, most)


def leaky(reader: Reader, node: FileNode, inputs: list[Tensor]) -> Tensor:
    """LeakyRelu, and PRelu of one slope."""
    value, leak = inputs[0], leak_of(node, inputs)
    if not isinstance(value, Map) or not 0 <= leak < 1:
        reader.note(node, "below 0 it has several slopes, or one that is not between 0 and 1", RECTIFIERS)
        return None
    return _rectified(reader, node, value, np.inf, leak)


def _rectified(reader: Reader, node: FileNode, value: Map, most: float, leak: float = 0.0) -> Map:
    """`value` behind a ReLU that ends at `most`, or leaks."""
    if _already(reader, value.name, most):
        return replace(value, alone=value.alone and reader.read_once(node))
    if value.alone and _rectify(reader, value.name, most, sure=False, leak=leak):
        _rectify(reader, value.name, most, sure=True, leak=leak)
        return replace(value, alone=reader.read_once(node))
    name = reader.name(node)
    made = Requantize(name, value.name, f"{name}.quantizer", most=end_of(most), leak=leak)
    return reader.gives(node, made, value.shape)


def _already(reader: Reader, name: str, most: float) -> bool:
    """Whether nothing below 0, nor above `most`, comes from the node."""
    node = reader.nodes[name]
    match node:
        case Conv() | Add() | Requantize():
            return not may_be_negative(node) and (node.most or np.inf) <= most
        case _:
            return all(_already(reader, source, most) for source in node.inputs)


def _rectify(reader: Reader, name: str, most: float, sure: bool, leak: float = 0.0) -> bool:
    """Move a ReLU behind the node to what makes its values; whether it can be (it is, if `sure`).

    One that leaks goes in front of no other.
    """
    node = reader.nodes[name]
    match node:
        case Conv() | Add() | Requantize():
            if leak and node.relu:
                return False
            if sure:
                end = end_of(min(node.most or np.inf, most))
                reader.nodes[name] = replace(node, relu=True, most=end, leak=leak)
            return True
        case MaxPool() | Concat() | Moving():
            return reader.alone[name] and all(_rectify(reader, source, most, sure, leak) for source in node.inputs)
        case _:
            return False
