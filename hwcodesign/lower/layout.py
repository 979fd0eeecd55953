"""Operators that only move elements about: what they do to any array of the tensor's shape, its first axis the batch.

A `Value` keeps where its elements lie in the hardware's feature map (`place`), so flattening, transposing and reshaping
cost nothing; the layer that reads the tensor looks whether it can take the elements in that order.
"""

from collections.abc import Sequence

import numpy as np

from hwcodesign.lower.file_network import Node

LAYOUTS = ("Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "DepthToSpace", "Identity", "Cast", "Dropout")


class LayoutError(Exception):
    """What this operator does to the batch axis, or with its inputs, has no meaning here."""


def moved(node: Node, array: np.ndarray, others: Sequence[np.ndarray | None], batch: int = 1) -> np.ndarray:
    """`array` through the operator; `others` are its further inputs, None if computed. Raises LayoutError.

    `batch` is the file's own batch, which is 1 here.
    """
    given = next((other for other in others if other is not None), None)
    match node.operator:
        case "Flatten":
            axis = int(node.attributes.get("axis", 1))
            axis += array.ndim if axis < 0 else 0
            return array.reshape(int(np.prod(array.shape[:axis])), -1)
        case "Reshape":
            wanted = node.attributes.get("shape") if given is None else given.ravel().tolist()
            if wanted is None:
                raise LayoutError("its new shape is computed at run time")
            return _reshaped(array, [int(side) for side in wanted], bool(node.attributes.get("allowzero", 0)), batch)
        case "Squeeze" | "Unsqueeze":
            axes = node.attributes.get("axes") if given is None else given.ravel().tolist()
            if axes is None:
                axes = [axis for axis, side in enumerate(array.shape) if side == 1 and axis]
            change = np.expand_dims if node.operator == "Unsqueeze" else np.squeeze
            return change(array, tuple(int(axis) for axis in axes))
        case "Transpose":
            return array.transpose(node.attributes.get("perm") or tuple(reversed(range(array.ndim))))
        case "DepthToSpace":
            return _shuffled(array, int(node.attributes["blocksize"]), str(node.attributes.get("mode", "DCR")))
        case _:
            return array


def _reshaped(array: np.ndarray, wanted: list[int], zeros: bool, batch: int) -> np.ndarray:
    """The first axis of a file that was exported with a batch of several is 1 here."""
    sides = [array.shape[axis] if side == 0 and not zeros else side for axis, side in enumerate(wanted)]
    if sides and sides[0] == batch:
        sides[0] = 1
    try:
        return array.reshape(sides)
    except ValueError:
        raise LayoutError(f"it makes {list(array.shape)} into {wanted}") from None


def _shuffled(array: np.ndarray, block: int, mode: str) -> np.ndarray:
    """A block's row and column are the outer of the channels in mode DCR, the inner in CRD (PyTorch's PixelShuffle)."""
    frames, channels, height, width = array.shape
    if block < 1 or channels % (block * block):
        nearest = max(block * block, 1) * max(1, round(channels / max(block * block, 1)))
        raise LayoutError(f"its {channels} channels do not divide into blocks of {block}x{block}; {nearest} would")
    if mode == "CRD":
        blocks = array.reshape(frames, -1, block, block, height, width).transpose(0, 1, 4, 2, 5, 3)
    else:
        blocks = array.reshape(frames, block, block, -1, height, width).transpose(0, 3, 4, 1, 5, 2)
    return blocks.reshape(frames, -1, height * block, width * block)
