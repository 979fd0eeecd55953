"""The integer arithmetic that a network means: what becomes our layers, and, written as a graph, FINN's."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from hwcodesign.core.windows import extent
from hwcodesign.dataflow import Attribute, IntType

GRAPH_INPUT = "input"


@dataclass(frozen=True)
class Window:
    """A window that slides over a feature map: (rows, columns) and its steps; `pad` is (top, left, bottom, right).

    `dilation` is how far neighbours under it are apart.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    pad: tuple[int, int, int, int] = (0, 0, 0, 0)
    pad_value: int = 0
    dilation: tuple[int, int] = (1, 1)

    @property
    def extent(self) -> tuple[int, int]:
        """Rows and columns from its first pixel to its last."""
        return extent(self.kernel, self.dilation)

    def slide(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of windows on a feature map."""
        top, left, bottom, right = self.pad
        return (
            (height + top + bottom - self.extent[0]) // self.stride[0] + 1,
            (width + left + right - self.extent[1]) // self.stride[1] + 1,
        )


@dataclass(frozen=True)
class Operation:
    """One layer of integer arithmetic, under its PyTorch path. `sources` are operations, or GRAPH_INPUT.

    `operator` is called as the hardware layer that computes it (see to_dataflow.py). `weights`: (O, C / groups, kernel
    height, kernel width) int64 of an mvau or a vvau, else None; they are `bipolar` if they are stored as such.
    `thresholds`: (C, levels - 1) int64 where a quantizer of `out_type` ends the layer. `low` and `high` (C,) int64
    bound the integers that the thresholds are compared with, or that the layer puts out without them. `attributes`
    are those of the layer, where they do not follow from the others.
    """

    name: str
    operator: str
    sources: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray
    window: Window | None = None
    weights: np.ndarray | None = None
    bipolar: bool = False
    groups: int = 1
    thresholds: np.ndarray | None = None
    out_type: IntType | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
