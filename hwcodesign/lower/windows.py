"""The windows of convolutions and pools, as ONNX's attributes describe them with all their defaults."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hwcodesign.core.windows import whole_after
from hwcodesign.lower.file_network import Node
from hwcodesign.lower.operation import Window
from hwcodesign.lower.values import Map, Value
from hwcodesign.lower.walk import Walk

Pair = tuple[int, int]


def window_of(
    walk: Walk,
    node: Node,
    shape: Map,
    kernel: Pair,
    more: tuple[int, int, int, int] = (0, 0, 0, 0),
    dilated: bool = False,
    filled_up: bool = False,
) -> Window | None:
    """The window of `kernel` over a feature map of `shape`; None after noting what of it there is no hardware for.

    `more` is padding besides its own. A window of one axis is one row high. `dilated`: it may leave pixels out.
    `filled_up`: what the border cuts off of a window (ceil_mode) may be padded.
    """
    attributes = node.attributes
    before = len(walk.problems.found)
    if not dilated:
        _note_dilation(walk, node)
    stride = _pair(attributes.get("strides", (1, 1)), 1)
    apart = _pair(attributes.get("dilations", (1, 1)), 1)
    dilation = (apart[0] if kernel[0] > 1 else 1, apart[1] if kernel[1] > 1 else 1)
    extent = Window(kernel, dilation=dilation).extent
    around = (shape[0], shape[1] + more[0] + more[2], shape[2] + more[1] + more[3])
    top, left, bottom, right = _pads(node, around, extent, stride)
    pad = (top + more[0], left + more[1], bottom + more[2], right + more[3])
    window = Window(kernel, stride, pad, dilation=dilation)
    if attributes.get("ceil_mode", 0):
        whole = _filled_up(window, shape)
        if whole != window and not filled_up:
            fix = "use ceil_mode=False, or an input size at which the last window is whole"
            walk.note(node, f"ceil_mode cuts its last window at a feature map of {shape[1]} x {shape[2]} pixels", fix)
        window = whole
    rows, columns = window.slide(*shape[1:])
    if min(rows, columns) < 1:
        height, width = shape[1] + pad[0] + pad[2], shape[2] + pad[1] + pad[3]
        cause = f"its window of {extent[0]} x {extent[1]} is larger than its feature map of {height} x {width} pixels"
        walk.note(node, cause, "use a smaller kernel, fewer pools before it, or larger images")
    return window if len(walk.problems.found) == before else None


def _note_dilation(walk: Walk, node: Node) -> None:
    """Note a problem where the window leaves pixels out."""
    if any(step != 1 for step in node.attributes.get("dilations", ())):
        fix = "use dilation=1, with a larger kernel if need be: hardware dilates convolutions alone"
        walk.note(node, f"its dilation is {list(node.attributes['dilations'])}", fix)


def _pair(sides: tuple[int, ...], fill: int) -> Pair:
    first, second = (fill, *sides)[-2:]
    return int(first), int(second)


def without_padding(value: Value) -> tuple[Value, tuple[int, int, int, int]]:
    """A value without the zeros that a Pad put around it, and how many those were: (top, left, bottom, right)."""
    if not value.padded:
        return value, (0, 0, 0, 0)
    rank = value.place.ndim
    inside = np.argwhere(value.place >= 0)
    low, high = inside.min(axis=0), inside.max(axis=0) + 1
    place = value.place[tuple(slice(int(start), int(end)) for start, end in zip(low, high, strict=True))]
    before, after = low[2:], np.array(value.place.shape[2:]) - high[2:]
    if low[:2].any() or (place < 0).any():
        return value, (0, 0, 0, 0)
    top, left = (int(n) for n in (before if rank == 4 else (0, before[0])))
    bottom, right = (int(n) for n in (after if rank == 4 else (0, after[0])))
    return replace(value, place=place), (top, left, bottom, right)


def kernel_of(node: Node) -> Pair:
    """The attribute `kernel_shape` as (rows, columns)."""
    return _pair(tuple(node.attributes["kernel_shape"]), 1)


def _pads(node: Node, shape: Map, kernel: Pair, stride: Pair) -> tuple[int, int, int, int]:
    """(top, left, bottom, right); `auto_pad` SAME makes ceil(size / stride) windows."""
    automatic = node.attributes.get("auto_pad", "NOTSET")
    if automatic.startswith("SAME"):
        ends = []
        for side, length, step in zip(shape[1:], kernel, stride, strict=True):
            total = max(0, (math.ceil(side / step) - 1) * step + length - side)
            small, large = total // 2, total - total // 2
            ends.append((small, large) if automatic == "SAME_UPPER" else (large, small))
        return ends[0][0], ends[1][0], ends[0][1], ends[1][1]
    pads = [] if automatic == "VALID" else [int(pad) for pad in node.attributes.get("pads", ())]
    if len(pads) == 2:
        return 0, pads[0], 0, pads[1]
    return (pads[0], pads[1], pads[2], pads[3]) if pads else (0, 0, 0, 0)


def whole_pads(attributes: Mapping[str, Any], sides: Sequence[int]) -> list[int]:
    """Padding, as ONNX has it, that makes the windows whole which ceil_mode adds to a padded pool over a map."""
    axes, pads = len(sides), attributes["pads"]
    kernel, stride, dilation = (
        _pair(tuple(attributes.get(name, (1,))), 1) for name in ("kernel_shape", "strides", "dilations")
    )
    around = (*_pair(tuple(pads[:axes]), 0), *_pair(tuple(pads[axes:]), 0))
    whole = _filled_up(Window(kernel, stride, around, dilation=dilation), (1, *_pair(tuple(sides), 1))).pad
    return [*whole[2 - axes : 2], *whole[4 - axes :]]


def _filled_up(window: Window, shape: Map) -> Window:
    """With padding at the end that makes the windows whole which ceil_mode adds: those that begin before that."""
    top, left, *after = window.pad
    along = zip(shape[1:], window.extent, window.stride, (top, left), after, strict=True)
    bottom, right = (whole_after(*numbers) for numbers in along)
    return replace(window, pad=(top, left, bottom, right))
