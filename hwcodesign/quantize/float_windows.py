"""Windows as a file has them, and as our networks do: with as many zeros on one side of a map as on the other."""

from collections.abc import Sequence

import numpy as np

from hwcodesign.core.windows import Pair, extent
from hwcodesign.lower.file_network import Node

Border = tuple[int, int, int, int]  # zeros above, to the left, below, to the right
NO_BORDER: Border = (0, 0, 0, 0)
PADDED = "pad by as many pixels on the left as on the right, above as below (padding=1)"  # what to do


def why_no_window(node: Node, kernel: Sequence[int]) -> tuple[str, str] | None:
    """Cause and fix, if no node of ours has a window like it."""
    if len(kernel) != 2:
        return f"its window has {len(kernel)} sides", "use windows of rows and columns"
    if node.operator != "Conv" and dilation_of(node) != (1, 1):
        return "its window is dilated", "use dilation=1: hardware dilates convolutions alone"
    return None


def dilation_of(node: Node) -> Pair:
    """How far neighbours in a node's window are apart."""
    down, across = node.attributes.get("dilations", (1, 1))
    return down, across


def window_of(node: Node, kernel: Sequence[int], sides: Sequence[int], there: Border) -> tuple[Pair, Pair, Border]:
    """(sides, strides, zeros around the map) of a node's window on a map of `sides` (height, width).

    The zeros are its own and those that are `there` already.
    """
    strides, pads = node.attributes.get("strides", [1, 1]), node.attributes.get("pads", [0, 0, 0, 0])
    same = node.attributes.get("auto_pad", "NOTSET")
    if same.startswith("SAME"):
        padded = [side + there[i] + there[i + 2] for i, side in enumerate(sides)]
        covered = extent((kernel[0], kernel[1]), dilation_of(node))
        short = [max((-(-n // s) - 1) * s + k - n, 0) for n, s, k in zip(padded, strides, covered, strict=True)]
        less, more = [n // 2 for n in short], [n - n // 2 for n in short]
        pads = less + more if same == "SAME_UPPER" else more + less
    top, left, bottom, right = (own + before for own, before in zip(pads, there, strict=True))
    return (kernel[0], kernel[1]), (strides[0], strides[1]), (top, left, bottom, right)


def centred(kernel: np.ndarray, border: Border, dilation: Pair) -> tuple[np.ndarray, Pair, Pair]:
    """A kernel (O, C, height, width), a padding, the same on opposite sides, and a dilation, for one with `border`.

    Where that has less on one side, the kernel has rows or columns of zeros there: windows begin so much further out.
    A dilated one then has zeros between its weights, too.
    """
    if border[:2] == border[2:]:
        return kernel, border[:2], dilation
    spread = np.zeros((*kernel.shape[:2], *extent((kernel.shape[2], kernel.shape[3]), dilation)), kernel.dtype)
    spread[:, :, :: dilation[0], :: dilation[1]] = kernel
    rows, columns = (max(border[side], border[side + 2]) for side in (0, 1))
    top, left, bottom, right = (n - own for n, own in zip((rows, columns) * 2, border, strict=True))
    return np.pad(spread, ((0, 0), (0, 0), (top, bottom), (left, right))), (rows, columns), (1, 1)
