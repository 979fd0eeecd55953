"""Operators that only move elements about: what they do to any array of the tensor's shape, its first axis the batch.

A `Value` keeps where its elements lie in the hardware's feature map (`place`), so flattening, transposing and reshaping
cost nothing; the layer that reads the tensor looks whether it can take the elements in that order.
"""

from collections.abc import Sequence

import numpy as np

from hwcodesign.lower.file_network import Node

LAYOUTS = ("Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Identity", "Cast", "Dropout")


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
            if node.operator == "Unsqueeze":
                return np.expand_dims(array, tuple(int(axis) for axis in axes or ()))
            if axes is None:
                axes = [axis for axis, side in enumerate(array.shape) if side == 1 and axis]
            return np.squeeze(array, tuple(int(axis) for axis in axes))
        case "Transpose":
            return array.transpose(node.attributes.get("perm") or tuple(reversed(range(array.ndim))))
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
