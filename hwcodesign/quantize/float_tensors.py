"""What a tensor of a float network is, in terms of the nodes so far."""

from dataclasses import dataclass

import numpy as np

from hwcodesign.lower.file_network import Node as FileNode
from hwcodesign.lower.values import Constant
from hwcodesign.quantize.float_windows import NO_BORDER, Border


@dataclass(frozen=True)
class Pixels:
    """The input times `scale` plus `shift`, both (channels,), in an array of `shape`, behind the zeros `pad`."""

    scale: np.ndarray
    shift: np.ndarray
    shape: tuple[int, ...]
    pad: Border = NO_BORDER


@dataclass(frozen=True)
class Map:
    """What the node `name` gives, in an array of `shape`, behind the zeros `pad`.

    `alone`: whoever reads this, nobody reads the same node by another way. `places`, in that shape: which elements of
    the node's map these are, and the layer in the file that moved them, if they are not all of them in their order.
    """

    name: str
    shape: tuple[int, ...]
    alone: bool
    pad: Border = NO_BORDER
    places: np.ndarray | None = None
    mover: FileNode | None = None


Tensor = Pixels | Map | Constant | None  # None: behind a problem
