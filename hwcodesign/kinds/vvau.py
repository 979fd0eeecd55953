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
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import IntType, Layer
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory, MemoryImage, Storage, depthwise_order, divisors
from hwcodesign.kinds.motion import Motion
from hwcodesign.kinds.mvau import TABLE_INPUTS, Mvau, lut_multiplier, threshold_unit
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
        """Flip-flops as declared, LUTs as those of an mvau, whose operands these are, but where weights are constants.

        Accumulators are a part of their own: a window that comes at once needs none, and adding to what is kept takes
        more LUTs than a tree's adders do.
        """
        rows, simd, acc = folding.pe * _multiplier(layer), folding.simd, _type(layer, "acc_type")
        words, steps = self.pixel_cycles(layer, folding), layer.number("window") // simd
        product = _product(layer, constant=words == 1)
        terms = max(1, round(simd * product.share))
        tree = tree_logic(terms, product.added_bits, min(acc.bits, product.added_bits + (terms - 1).bit_length()))
        counter_bits = (words - 1).bit_length() + (steps - 1).bit_length()
        operands = 2 * folding.pe * terms * layer.input.type.bits + rows * simd * product.ff
        ff = operands + rows * (tree.ff + acc.bits) + counter_bits + self.latency(layer, folding)
        parts = {
            "constant_multipliers" if words == 1 else "multipliers": rows * simd * product.lut,
            "adders": rows * tree.lut,
            "accumulators": rows * acc.bits if steps > 1 else 0,
            "control": 2 * counter_bits + 4,
        }
        if layer.number("thresholds"):
            unit = threshold_unit(_matrix(layer), _rows(layer, folding)).logic
            parts, ff = {**parts, **_partly_constant(unit.parts, _channels(layer) // folding.pe)}, ff + unit.ff
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


@dataclass(frozen=True)
class _Product:
    """What a product takes, its weight's register included; how many of its bits are added up; the share that is there.

    See `_product`.
    """

    lut: int
    ff: int
    added_bits: int
    share: float = 1.0


def _product(layer: Layer, constant: bool) -> _Product:
    """Of `lut_multiplier`; the kernel takes -1 and +1 as numbers of two bits, whose product's lowest bit is always 1.

    A `constant` weight has no register, and every bit of its product is a table of the element, in two LUTs if that is
    wide. What is expected of random weights: those of 0 take nothing, and of the product's bits the lowest is mostly
    that of the element or none, and the highest is not needed.
    """
    element, weight, acc = layer.input.type, _type(layer, "weight_type"), _type(layer, "acc_type")
    signs = element.bipolar + weight.bipolar
    bits = min(max(element.bits, weight.bits) + 1 if signs else element.bits + weight.bits, acc.bits)
    if not constant:
        return _Product(sum(lut_multiplier(element, weight)), weight.bits + (1 if signs == 2 else bits), bits)
    different = 1 if element.bipolar else max(1, bits - (0 if weight.bipolar else 2))
    tables = 1 if element.bits <= TABLE_INPUTS else 2
    return _Product(different * tables, different, max(1, bits - 1), 1.0 if weight.bipolar else 1 - 2.0**-weight.bits)


def _partly_constant(parts: Mapping[str, int], words: int) -> dict[str, int]:
    """The threshold unit's LUTs, with constants and without: of the columns of few random words, some are constant."""
    ((part, lut),) = parts.items()
    part, constant = part.removeprefix("constant_"), round(lut * 2.0 ** (1 - words))
    return {part: lut - constant, f"constant_{part}": constant}
