"""What the kinds must know about the cells that kernels share: `adder_tree.sv` and `threshold_unit.sv`.

Flip-flops are counted from the declarations. LUTs are estimates for LUTs of six inputs: an adder or a subtractor takes
one LUT a bit, a comparator one LUT for two bits (both on carry chains); counting n single bits takes about n LUTs.
Whole matrix-vector units come out within a quarter of what Yosys 0.70 makes of them for the 7 series.
"""

from dataclasses import dataclass

import numpy as np

from hwcodesign.dataflow import IntType
from hwcodesign.kinds.kind import Logic, Memory, MemoryImage
from hwcodesign.rtl import pack


def tree_stages(count: int) -> int:
    """Register stages of an adder tree over `count` elements: ceil(log4(count))."""
    return ((count - 1).bit_length() + 1) // 2


def tree_logic(count: int, in_bits: int, out_bits: int) -> Logic:
    """One adder tree over `count` elements of `in_bits`, growing to `out_bits`."""
    lut = ff = 0
    while count > 1:
        groups = -(-count // 4)
        sum_bits = min(in_bits + (1 if count == 2 else 2), out_bits)
        lut += (count - groups) * (sum_bits if in_bits > 1 else 1)
        ff += groups * sum_bits
        count, in_bits = groups, sum_bits
    return Logic(lut, ff)


@dataclass(frozen=True)
class ThresholdUnit:
    """`pe` channels at a time of elements of `in_type` against `thresholds` thresholds for each channel, to `out_type`.

    Thresholds are kept as `threshold_type`, which must hold each one of them.
    """

    pe: int
    channels: int
    thresholds: int
    in_type: IntType
    threshold_type: IntType
    out_type: IntType

    @property
    def latency(self) -> int:
        """Comparison, count, offset."""
        return 2 + tree_stages(self.thresholds)

    @property
    def offset(self) -> int:
        """The code of the lowest output: what no threshold reached stands for."""
        return 0 if self.out_type.bipolar else self.out_type.min

    @property
    def memory(self) -> Memory:
        """One word for each `pe` channels."""
        return Memory("thresholds", self.channels // self.pe, self.pe * self.thresholds * self.threshold_type.bits)

    @property
    def logic(self) -> Logic:
        """Comparators, counters, output adders; their registers and the valid bits."""
        count = tree_logic(self.thresholds, 1, self.out_type.bits)
        comparator = (self.threshold_type.bits + 1) // 2
        fold_bits = (self.channels // self.pe - 1).bit_length()
        lut = self.pe * (self.thresholds * comparator + count.lut + self.out_type.bits) + 2 * fold_bits + 4
        ff = self.pe * (self.thresholds + count.ff + self.out_type.bits) + fold_bits + self.latency
        part = "thresholds" if fold_bits else "constant_thresholds"  # a comparison with a constant is cheap
        return Logic(lut, ff, parts={part: lut})

    def image(self, thresholds: np.ndarray) -> MemoryImage:
        """The ROM's words for thresholds (channels, thresholds), int64."""
        codes = self.threshold_type.encode(thresholds)
        assert (self.threshold_type.decode(codes) == thresholds).all(), "a threshold outside its type"
        rows = codes.reshape(self.channels // self.pe, self.pe * self.thresholds)
        return MemoryImage(pack(rows, self.threshold_type.bits), self.memory.width)


def step_count(out_type: IntType) -> int:
    """How many thresholds it takes to reach every value of `out_type`."""
    return 1 if out_type.bipolar else out_type.max - out_type.min


def quantize(values: np.ndarray, thresholds: np.ndarray, out_type: IntType) -> np.ndarray:
    """The outputs (channels, n) for values (channels, n) and rising thresholds (channels, thresholds), int64.

    output = out_type.min + #{t : value >= threshold[t]}; for a bipolar output, -1 or +1.
    """
    counts = np.empty(values.shape, dtype=np.int64)
    for channel, row in enumerate(values):
        counts[channel] = np.searchsorted(thresholds[channel], row, side="right")
    return 2 * counts - 1 if out_type.bipolar else counts + out_type.min
