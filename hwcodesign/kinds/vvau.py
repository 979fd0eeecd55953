"""Vector-vector-activation unit: every channel's window times weights of its own. Depthwise convolutions.

As an array, the `window` elements of channel c lie side by side at c * window, as a depthwise sliding window lays them
(for pools: shared/window_pool.py); output o is of channel o // multiplier, where the multiplier is how many outputs a
channel has. With a `window` of 1 it multiplies every channel by a constant.

Attributes: `window`, and `weight_type`, `acc_type`, `thresholds`, `spacing` as in `mvau`. Tensors, int64: `weights`
(window, output channels); `thresholds` (output channels, N). So each output is a row of a matrix of `window` columns
that is multiplied by the window of its channel: checks, tensors, memories, cycles and latency are those of an mvau of
that matrix, with `pe` * multiplier rows at a time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import IntType, Layer
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory, MemoryImage, Storage, depthwise_order, divisors
from hwcodesign.kinds.motion import Motion
from hwcodesign.kinds.mvau import Mvau, lut_multiplier, threshold_unit
from hwcodesign.kinds.shared.threshold_unit import THRESHOLD_CELLS, quantize, tree_logic

_MATRIX = Mvau()


class Vvau(Kind):
    """`simd` elements of the windows of `pe` channels a cycle; more than one only if all channels are at work."""

    name = "vvau"
    finn_operators = ("VVAU",)
    finn_thresholds = 2
    cells = ("lut_multiplier", "accumulator", *THRESHOLD_CELLS)

    def check(self, layer: Layer) -> None:
        elements, window, outputs = layer.input.channels, layer.number("window"), layer.output.channels
        if window < 1 or elements % window:
            raise UserError(f"{layer.name}: {elements} elements a pixel are no whole number of windows of {window}")
        channels = _channels(layer)
        if outputs % channels:
            lower = outputs // channels * channels
            nearest = " or ".join(str(n) for n in (lower, lower + channels) if n)
            raise UserError(
                f"{layer.name}: {channels} channels have equally many outputs each, so not {outputs} in all; "
                f"nearest: {nearest}"
            )
        _MATRIX.check(_matrix(layer))

    def completed(self, layer: Layer) -> Layer:
        return replace(layer, attributes=_MATRIX.completed(_matrix(layer)).attributes)

    def random_tensors(self, layer: Layer, rng: "np.random.Generator", even: bool) -> dict[str, np.ndarray]:
        return _MATRIX.random_tensors(_matrix(layer), rng, even)

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Exact: integers all along."""
        pixels = inputs[0].reshape(*inputs[0].shape[:-1], _channels(layer), layer.number("window"))
        weights = layer.tensors["weights"].reshape(pixels.shape[-1], _channels(layer), _multiplier(layer))
        sums = np.zeros((*pixels.shape[:-1], _multiplier(layer)), dtype=np.int64)
        for element, factors in enumerate(weights):
            sums += pixels[..., element, None] * factors
        rows = sums.reshape(-1, layer.output.channels)
        if layer.number("thresholds"):
            rows = quantize(rows.T, layer.tensors["thresholds"], layer.output.type).T
        return [np.ascontiguousarray(rows).reshape(*inputs[0].shape[:-1], -1)]

    def foldings(self, layer: Layer) -> list[Folding]:
        """Some channels, an element of each window a clock; or all channels, and any part of the window."""
        channels = _channels(layer)
        one_by_one = [Folding(pe) for pe in divisors(channels)]
        return one_by_one + [Folding(channels, simd) for simd in divisors(layer.number("window")) if simd > 1]

    def lanes(self, layer: Layer, folding: Folding) -> tuple[int, int]:
        return folding.pe * folding.simd, folding.pe * _multiplier(layer)

    def cycles(self, layer: Layer, folding: Folding) -> int:
        return layer.input.elements // (folding.pe * folding.simd)

    def motion(self, layer: Layer, folding: Folding) -> Motion:
        return self.pixel_by_pixel(layer, folding)

    def takes_whole_windows(self, layer: Layer, folding: Folding) -> bool:
        """All channels of an element at once, that is; else it wants the windows of some channels first."""
        return folding.pe == _channels(layer)

    def latency(self, layer: Layer, folding: Folding) -> int:
        return _MATRIX.latency(_matrix(layer), _rows(layer, folding))

    def pixel_cycles(self, layer: Layer, folding: Folding) -> int:
        return layer.input.channels // (folding.pe * folding.simd)

    def to_wire(self, layer: Layer, folding: Folding, array: np.ndarray, side: Literal["in", "out"]) -> np.ndarray:
        """Windows come block of channels by block of channels."""
        return array if side == "out" else depthwise_order(array, _channels(layer), folding.pe)

    def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
        """Those of the matrix that have contents: no window is kept."""
        found = _MATRIX.memories(_matrix(layer), _rows(layer, folding))
        return [memory for memory in found if not memory.writable]

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        """Flip-flops as declared; LUTs as those of an mvau, whose operands these are."""
        rows, simd = folding.pe * _multiplier(layer), folding.simd
        element, weight, acc = layer.input.type, _type(layer, "weight_type"), _type(layer, "acc_type")
        multiplied = _two_bits(element), _two_bits(weight)
        product_bits = sum(int_type.bits for int_type in multiplied) - element.bipolar - weight.bipolar
        tables, sums = lut_multiplier(*multiplied)
        tree = tree_logic(simd, product_bits, product_bits + (simd - 1).bit_length())
        counter_bits = (self.pixel_cycles(layer, folding) - 1).bit_length()
        counter_bits += (layer.number("window") // simd - 1).bit_length()
        operands = 2 * folding.pe * simd * element.bits + rows * simd * (weight.bits + product_bits)
        ff = operands + rows * (tree.ff + acc.bits) + counter_bits + self.latency(layer, folding)
        parts = {
            "multipliers": rows * simd * tables,
            "adders": rows * (simd * sums + tree.lut + acc.bits),
            "control": 2 * counter_bits + 4,
        }
        if layer.number("thresholds"):
            unit = threshold_unit(_matrix(layer), _rows(layer, folding)).logic
            parts, ff = {**parts, **unit.parts}, ff + unit.ff
        return Logic(sum(parts.values()), ff, parts=parts)

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        of_matrix = _MATRIX.parameters(_matrix(layer), _rows(layer, folding))
        sizes = {
            "CHANNELS": _channels(layer),
            "MULTIPLIER": _multiplier(layer),
            "WINDOW": layer.number("window"),
            "PE": folding.pe,
        }
        return sizes | {key: value for key, value in of_matrix.items() if key not in ("MW", "MH", "PE", "PACKED")}

    def histogram(self, layer: Layer) -> tuple[np.ndarray, IntType] | None:
        """Its weights."""
        return _MATRIX.histogram(layer)

    def finn_attributes(self, layer: Layer, folding: Folding, storage: Mapping[str, Storage]) -> dict[str, int | str]:
        lanes: dict[str, int | str] = {"PE": folding.pe, "SIMD": folding.simd, "resType": "lut"}
        return {**lanes, "ram_style": storage["weights"].finn_style}

    def images(self, layer: Layer, folding: Folding) -> Mapping[str, MemoryImage]:
        return _MATRIX.images(_matrix(layer), _rows(layer, folding))


def _matrix(layer: Layer) -> Layer:
    """The layer as a matrix of `window` columns and a row for each output; what it reads is one channel's window."""
    height, width, _ = layer.input.shape
    return replace(layer, inputs=(replace(layer.input, shape=(height, width, layer.number("window"))),))


def _rows(layer: Layer, folding: Folding) -> Folding:
    """Of that matrix: all rows of `pe` channels at a time."""
    return Folding(folding.pe * _multiplier(layer), folding.simd)


def _channels(layer: Layer) -> int:
    return layer.input.channels // layer.number("window")


def _multiplier(layer: Layer) -> int:
    return layer.output.channels // _channels(layer)


def _type(layer: Layer, attribute: str) -> IntType:
    return IntType.parse(str(layer.attributes[attribute]))


def _two_bits(int_type: IntType) -> IntType:
    """As the kernel multiplies it: -1 and +1 are numbers of two bits."""
    return IntType(2, signed=True) if int_type.bipolar else int_type
