"""Pools of a float network, over windows or the whole map."""

from hwcodesign.core.windows import Pair
from hwcodesign.lower.file_network import Node as FileNode
from hwcodesign.lower.values import Constant
from hwcodesign.nets.network import AvgPool, GlobalAvgPool, MaxPool, cuts_windows, windows_on
from hwcodesign.quantize.float_reader import Reader
from hwcodesign.quantize.float_tensors import Map, Tensor
from hwcodesign.quantize.float_windows import PADDED


def max_pool(reader: Reader, node: FileNode, inputs: list[Tensor]) -> Tensor:
    """MaxPool."""
    (value,) = inputs
    window = _window_of(reader, node, value)
    if window is None or not isinstance(value, Map):
        return None
    sides, strides, pads = window
    ceil = bool(node.attributes.get("ceil_mode", 0))
    made = MaxPool(reader.name(node), value.name, sides, strides, pads, ceil)
    reader.alone |= {made.name: value.alone}
    height, width = value.shape[2:]
    return reader.gives(node, made, (*value.shape[:2], *windows_on(made, (height, width, value.shape[1]))))


def _window_of(reader: Reader, node: FileNode, value: Tensor) -> tuple[Pair, Pair, Pair] | None:
    """(sides, strides, padding) of a pool's window, with as much behind as before; None after noting why not."""
    window = reader.window(node, tuple(node.attributes["kernel_shape"]), value)
    if window is None or not isinstance(value, Map):
        if window is not None:
            reader.note(node, "it pools the pixels themselves", "begin with a convolution")
        return None
    sides, strides, border = window
    if border[:2] != border[2:]:
        reader.note(node, f"it pads {list(border)}", PADDED)
        return None
    return sides, strides, border[:2]


def global_average(reader: Reader, node: FileNode, inputs: list[Tensor]) -> Tensor:
    """ReduceMean, GlobalAveragePool: where they see the whole map."""
    value = inputs[0]
    kept = True
    if node.operator == "ReduceMean":
        axes = inputs[1].real.tolist() if len(inputs) > 1 and isinstance(inputs[1], Constant) else None
        axes = node.attributes.get("axes") if axes is None else axes
        whole = axes is not None and sorted(axis % 4 for axis in axes) == [2, 3]
        kept = bool(node.attributes.get("keepdims", 1))
    else:
        whole = True
    if not whole or not isinstance(value, Map) or len(value.shape) != 4:
        reader.note(node, "it averages over other things than windows, or all pixels, of a feature map",
                   "use nn.AvgPool2d, or average over both sides of a map")  # fmt: skip
        return None
    shape = (*value.shape[:2], 1, 1) if kept else value.shape[:2]
    return reader.gives(node, GlobalAvgPool(reader.name(node), value.name), shape)


def average_pool(reader: Reader, node: FileNode, inputs: list[Tensor]) -> Tensor:
    """AveragePool over windows, which count the zeros that a Pad before it put there, or over the whole map."""
    (value,) = inputs
    window = _window_of(reader, node, value)
    if window is None or not isinstance(value, Map):
        return None
    sides, strides, pads = window
    if sides == value.shape[2:] and not any(pads):
        return reader.gives(node, GlobalAvgPool(reader.name(node), value.name), (*value.shape[:2], 1, 1))
    if pads != value.pad[:2] and not node.attributes.get("count_include_pad", 0):
        reader.note(node, "its windows at the border average fewer pixels",
                   "use padding=0, or count_include_pad=True")  # fmt: skip
        return None
    made = AvgPool(reader.name(node), value.name, sides, strides, pads, bool(node.attributes.get("ceil_mode", 0)))
    map_shape = value.shape[2], value.shape[3], value.shape[1]
    if cuts_windows(made, map_shape):
        reader.note(node, "the border cuts windows off, which average fewer pixels", "use ceil_mode=False")
        return None
    return reader.gives(node, made, (*value.shape[:2], *windows_on(made, map_shape)))
