"""What the kinds must know about the cells that kernels share: `adder_tree.sv`, and `threshold_unit.sv` with its own.

Flip-flops are counted from the declarations. LUTs are estimates for LUTs of six inputs: an adder or a subtractor takes
one LUT a bit, a comparator one LUT for two bits (both on carry chains); counting n single bits takes about n LUTs.
Whole matrix-vector units come out within a quarter of what Yosys 0.70 makes of them for the 7 series.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hwcodesign.core.bit_packing import pack
from hwcodesign.dataflow import IntType
from hwcodesign.kinds.kind import Logic, Memory, MemoryImage
from hwcodesign.kinds.shared.uniform_thresholds import Line, Spacing

THRESHOLD_CELLS = ("threshold_unit", "threshold_count", "threshold_search", "adder_tree", "rom", "rom_bank")


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

    Thresholds are kept as `threshold_type`, which must hold each one of them; or, where `spacing` says how, as a base
    and a step.
    """

    pe: int
    channels: int
    thresholds: int
    in_type: IntType
    threshold_type: IntType
    out_type: IntType
    spacing: Spacing | None = None

    @property
    def latency(self) -> int:
        """Comparison, count, offset; of a search, one stage for every bit of the output."""
        return self.out_type.bits if self.spacing else 2 + tree_stages(self.thresholds)

    @property
    def offset(self) -> int:
        """The code of the lowest output: what no threshold reached stands for."""
        return 0 if self.out_type.bipolar else self.out_type.min

    @property
    def memory(self) -> Memory:
        """One word for each `pe` channels."""
        bits = self.spacing.bits if self.spacing else self.thresholds * self.threshold_type.bits
        return Memory("thresholds", self.channels // self.pe, self.pe * bits)

    @property
    def logic(self) -> Logic:
        """What the elements take, the address and the valid bits."""
        unit = self._searches(self.spacing) if self.spacing else self._counts
        fold_bits = (self.channels // self.pe - 1).bit_length()
        lut = unit.lut + 2 * fold_bits + 4
        part = "threshold_search" if self.spacing else "thresholds"
        parts = {part if fold_bits else f"constant_{part}": lut}  # arithmetic with constants is cheaper
        return Logic(lut, unit.ff + fold_bits + self.latency, parts=parts)

    @property
    def _counts(self) -> Logic:
        """Comparators, counters, output adders."""
        count = tree_logic(self.thresholds, 1, self.out_type.bits)
        comparator = (self.threshold_type.bits + 1) // 2
        lut = self.pe * (self.thresholds * comparator + count.lut + self.out_type.bits)
        return Logic(lut, self.pe * (self.thresholds + count.ff + self.out_type.bits))

    def _searches(self, spacing: Spacing) -> Logic:
        """An adder in each stage, and in registers its distance (of the last, the sign), the count so far, the step.

        Of steps and fractions from a memory of few words, synthesis keeps one of each column (see `lut_memory`).
        """
        stages, element = self.out_type.bits, self.in_type.bits + 1
        distance = spacing.distance_bits(self.in_type, stages)
        lut = self.pe * (element + sum(distance - shift for shift in range(stages - 1)))
        ff = self.pe * (element + (stages - 2) * distance + 1 + stages * (stages - 1) // 2)
        columns = (1 << min(self.channels // self.pe, 30)) - 2
        steps, fractions = (min(self.pe * bits, columns) for bits in (spacing.step_bits, spacing.fraction_bits))
        return Logic(lut, ff + (stages - 1) * steps + fractions)

    @property
    def parameters(self) -> Mapping[str, int]:
        """The unit's parameters that say how thresholds lie in its memory; kernels pass them on."""
        spacing = self.spacing
        return {
            "THRESHOLDS": self.thresholds,
            "THRESHOLD_BITS": spacing.base_bits if spacing else self.threshold_type.bits,
            "STEP_BITS": spacing.step_bits if spacing else 0,
            "FRACTION_BITS": spacing.fraction_bits if spacing else 0,
        }

    def image(self, thresholds: np.ndarray, line: Line | None = None) -> MemoryImage:
        """The ROM's words for thresholds (channels, thresholds), int64; where there is a spacing, for their `line`."""
        if self.spacing is None:
            return self._image(self.threshold_type, thresholds)
        assert line is not None and line.spacing == self.spacing, "the thresholds are not spaced as the layer says"
        base, step = IntType(self.spacing.base_bits, signed=True), IntType(self.spacing.step_bits, signed=False)
        # Beside others, a channel whose thresholds lie far apart takes more than 64 bits: these are Python's integers.
        pairs = zip(base.encode(line.base).tolist(), step.encode(line.step).tolist(), strict=True)
        codes = [low | high << base.bits for low, high in pairs]
        words = [
            sum(code << place * self.spacing.bits for place, code in enumerate(codes[first : first + self.pe]))
            for first in range(0, self.channels, self.pe)
        ]
        return MemoryImage(words, self.memory.width)

    def _image(self, int_type: IntType, values: np.ndarray) -> MemoryImage:
        """Words for `values` (channels, any number for each)."""
        codes = int_type.encode(values)
        assert (int_type.decode(codes) == values).all(), "a threshold outside its type"
        return MemoryImage(pack(codes.reshape(self.channels // self.pe, -1), int_type.bits), self.memory.width)


def step_count(out_type: IntType) -> int:
    """How many thresholds it takes to reach every value of `out_type`."""
    return 1 if out_type.bipolar else out_type.max - out_type.min


def middle_and_spread(int_type: IntType) -> tuple[float, float]:
    """The middle of uniformly random numbers, and how far they lie around it; 0 for -1 and +1, which are two ends."""
    return (int_type.max + int_type.min) / 2, 0.0 if int_type.bipolar else (int_type.max - int_type.min) / 4


def random_thresholds(
    mean: np.ndarray, spread: np.ndarray, count: int, rng: "np.random.Generator", even: bool
) -> np.ndarray:
    """(channels, count) rising thresholds where values of this mean and spread (channels,) fall."""
    if even:
        places = np.linspace(-1.5, 1.5, count) if count > 1 else np.zeros(1)
        steps = rng.normal(mean, spread / 4)[:, None] + places * (spread * rng.uniform(0.5, 1, len(mean)))[:, None]
    else:
        steps = np.sort(rng.normal(mean[:, None], spread[:, None], (len(mean), count)), axis=1)
    rounded: np.ndarray = np.ceil(steps).astype(np.int64)
    return rounded


def quantize(values: np.ndarray, thresholds: np.ndarray, out_type: IntType) -> np.ndarray:
    """The outputs (channels, n) for values (channels, n) and rising thresholds (channels, thresholds), int64.

    output = out_type.min + #{t : value >= threshold[t]}; for a bipolar output, -1 or +1.
    """
    counts = np.empty(values.shape, dtype=np.int64)
    for channel, row in enumerate(values):
        counts[channel] = np.searchsorted(thresholds[channel], row, side="right")
    return 2 * counts - 1 if out_type.bipolar else counts + out_type.min
