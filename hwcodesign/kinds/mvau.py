"""Matrix-vector-activation unit: a matrix times every pixel, then (optionally) thresholds. Convolutions and FC layers.

Attributes: `weight_type` and `acc_type` (str(IntType)); `thresholds`, their number N for each row, 0 for none, in which
case the output type is `acc_type`; `spacing` as in `thresholding`; `loadable`, 1 where the weights may be loaded after
reset (see hls/cells/loaded_memory.sv), else missing. Tensors, int64: `weights` (MW, MH); `thresholds`
(MH, N), rising along each row, within `acc_type`. MW is the input's channels, MH the output's.
output = out_type.min + #{t : sum >= threshold[t]}; for a bipolar output, -1 or +1. The memory `input` keeps a pixel
while its output folds are worked through `pe` at a time; there is none if all rows are done at once, or all columns.

`packed` rows of a column share a hardware multiplier where the two operands make it wide enough that synthesis takes
one, and where there are so many weights that they are no constants; not with bipolar operands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from hwcodesign.core.bit_packing import pack
from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Interval, IntType, Layer
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory, MemoryImage, Storage, divisors
from hwcodesign.kinds.motion import Motion, Pipeline
from hwcodesign.kinds.shared.fewer_bits import Inputs, rounded
from hwcodesign.kinds.shared.steps import NUMBERS_AT_ONCE, Steps, exact_type
from hwcodesign.kinds.shared.threshold_unit import (
    THRESHOLD_CELLS,
    ThresholdUnit,
    middle_and_spread,
    random_thresholds,
    tree_logic,
    tree_stages,
)
from hwcodesign.kinds.shared.uniform_thresholds import Line, line_through
from hwcodesign.kinds.thresholding import check_thresholds, spacing_of, with_spacing

WIDEST_OPERAND_BITS = 27  # of a hardware multiplier of any family
# Yosys leaves narrower products to LUTs: DSP_Y_MINWIDTH of its iCE40 mapping is 11, of the others 9.
LEAST_DSP_BITS = 11
LEAST_DSP_WORDS = 4  # of weights: with fewer, many of a multiplier's bits are constants
TABLE_INPUTS = 6  # of the LUTs that the estimates are for


class Mvau(Kind):
    """`simd` columns of `pe` rows a cycle."""

    name = "mvau"
    takes_narrow = True
    finn_operators = ("MVAU",)
    finn_thresholds = 2
    cells = ("packed_multiplier", "lut_multiplier", "accumulator", *THRESHOLD_CELLS, "ram", "ram_bank")
    loading_cells = ("loaded_memory",)

    def check(self, layer: Layer) -> None:
        if layer.input.shape[:2] != layer.output.shape[:2]:
            raise UserError(
                f"{layer.name}: a matrix works pixel by pixel, so the output must be {layer.input.shape[:2]} pixels, "
                f"not {layer.output.shape[:2]}"
            )
        if _thresholds(layer):
            check_thresholds(layer, _rows(layer))
        elif layer.output.type != _acc_type(layer):
            acc = _acc_type(layer)
            raise UserError(f"{layer.name}: without thresholds the output is {acc}, not {layer.output.type}")
        if layer.tensors:
            _check_tensors(layer)

    def completed(self, layer: Layer) -> Layer:
        if not _thresholds(layer):
            return layer
        return with_spacing(layer, _line(layer) if layer.tensors else None, _acc_type(layer).bits)

    def random_tensors(self, layer: Layer, rng: "np.random.Generator", even: bool) -> dict[str, np.ndarray]:
        """Uniformly random weights, and thresholds where the sums of random inputs fall."""
        int_type, (middle, wide) = _weight_type(layer), middle_and_spread(layer.input.type)
        shape = (_columns(layer), _rows(layer))
        weights = (
            rng.choice([-1, 1], shape) if int_type.bipolar else rng.integers(-int_type.max, int_type.max + 1, shape)
        )
        if not _thresholds(layer):
            return {"weights": weights}
        mean, spread = middle * weights.sum(axis=0), wide * np.sqrt((weights**2).sum(axis=0))
        return {"weights": weights, "thresholds": random_thresholds(mean, spread, _thresholds(layer), rng, even)}

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Exact: see `largest_sum`. Some pixels at a time, so that sums are quantized while they are in the cache."""
        weights, pixels = layer.tensors["weights"], inputs[0].reshape(-1, _columns(layer))
        low, high = int(pixels.min(initial=0)), int(pixels.max(initial=0))
        exact = exact_type(largest_sum(weights, max(-low, high)))
        matrix, target = weights.astype(exact), layer.output.type.dtype if _thresholds(layer) else np.dtype(np.int64)
        steps = None
        if _thresholds(layer):
            steps = Steps(layer.tensors["thresholds"], *reach(weights, low, high), exact, layer.output.type)
        outputs = np.empty((len(pixels), _rows(layer)), target)
        at_once = max(1, NUMBERS_AT_ONCE // sum(weights.shape))
        for start in range(0, len(pixels), at_once):
            sums = pixels[start : start + at_once].astype(exact) @ matrix
            outputs[start : start + at_once] = steps.quantized(sums) if steps else sums
        return [outputs.reshape(*inputs[0].shape[:-1], _rows(layer))]

    def foldings(self, layer: Layer) -> list[Folding]:
        weights, columns = _rows(layer) * _columns(layer), divisors(_columns(layer))
        return [
            Folding(pe, simd, packed)
            for pe in divisors(_rows(layer))
            for packings in [_packings(layer, pe)]
            for simd in columns
            for packed in (packings if weights >= LEAST_DSP_WORDS * pe * simd else [0])
        ]

    def operand_bits(self, layer: Layer, folding: Folding) -> int:
        return _operand_bits(layer, folding.packed) if folding.packed else 0

    def lanes(self, layer: Layer, folding: Folding) -> tuple[int, int]:
        return folding.simd, folding.pe

    def cycles(self, layer: Layer, folding: Folding) -> int:
        return layer.input.pixels * self.pixel_cycles(layer, folding)

    def motion(self, layer: Layer, folding: Folding) -> Motion:
        """A pixel comes in during the first fold; every fold ends with a beat out."""
        columns = _columns(layer) // folding.simd
        folds = range(_rows(layer) // folding.pe)
        return Pipeline(tuple((int(fold == 0), *last) for fold in folds for last in ((0, columns - 1), (1, 1))))

    def takes_bursts(self, layer: Layer, folding: Folding) -> bool:
        return self.input_slot(layer, folding, 0)[1] < self.pixel_cycles(layer, folding)

    def takes_whole_windows(self, layer: Layer, folding: Folding) -> bool:
        return True

    def latency(self, layer: Layer, folding: Folding) -> int:
        """Memories, operands, products, adder tree, what shifted weights added, accumulator; then the thresholds."""
        accumulated = 4 + tree_stages(folding.simd) + int(_shifted(layer, folding))
        return accumulated + (threshold_unit(layer, folding).latency if _thresholds(layer) else 0)

    def pixel_cycles(self, layer: Layer, folding: Folding) -> int:
        return (_rows(layer) // folding.pe) * (_columns(layer) // folding.simd)

    def input_slot(self, layer: Layer, folding: Folding, port: int) -> tuple[int, int]:
        """All of it in the first fold."""
        return 0, _columns(layer) // folding.simd

    def working(self, layer: Layer, folding: Folding) -> tuple[str, ...]:
        return ("step",)

    def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
        width = folding.pe * folding.simd * _weight_type(layer).bits
        loadable = "loadable" in layer.attributes
        found = [Memory("weights", self.pixel_cycles(layer, folding), width, loadable=loadable)]
        if _thresholds(layer):
            found.append(threshold_unit(layer, folding).memory)
        if _keeps_pixels(layer, folding):
            beats = _columns(layer) // folding.simd
            found.append(Memory("input", beats, folding.simd * layer.input.type.bits, writable=True))
        return found

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        """Flip-flops as declared. LUTs: see `lut_multiplier`; an adder takes one a bit."""
        int_type, weight, acc = layer.input.type, _weight_type(layer), _acc_type(layer)
        products = folding.pe * folding.simd
        product_bits = _product_bits(int_type, weight)
        sum_bits = product_bits + (folding.simd - 1).bit_length()
        tables, sums = (0, 0) if folding.packed else lut_multiplier(int_type, weight)
        tree = tree_logic(folding.simd, product_bits, sum_bits)
        counter_bits = 2 * self.pixel_cycles(layer, folding).bit_length()
        operands = 2 * folding.simd * int_type.bits + products * (weight.bits + product_bits)
        ff = operands + folding.pe * (tree.ff + acc.bits) + counter_bits + self.latency(layer, folding)
        if _keeps_pixels(layer, folding):
            ff += 1 + (_columns(layer) // folding.simd - 1).bit_length()
        adders = products * sums + folding.pe * (tree.lut + acc.bits)
        if _shifted(layer, folding):
            of_inputs = tree_logic(folding.simd, int_type.bits, int_type.bits + (folding.simd - 1).bit_length())
            ff += folding.simd * int_type.bits + of_inputs.ff + folding.pe * sum_bits
            adders += of_inputs.lut + folding.pe * sum_bits
        if folding.packed > 1 and int_type.signed:
            adders += (products - folding.simd * _multipliers(folding.pe, folding.packed)) * product_bits
        parts = {
            "multipliers": products * tables,
            "adders": adders,
            "control": 2 * counter_bits + (folding.simd * int_type.bits if _keeps_pixels(layer, folding) else 0),
        }
        if _thresholds(layer):
            unit = threshold_unit(layer, folding).logic
            parts, ff = {**parts, **unit.parts}, ff + unit.ff
        dsp = folding.simd * _multipliers(folding.pe, folding.packed) if folding.packed else 0
        return Logic(sum(parts.values()), ff, dsp=dsp, parts=parts)

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        int_type, weight, acc = layer.input.type, _weight_type(layer), _acc_type(layer)
        return {
            "MW": _columns(layer),
            "MH": _rows(layer),
            "PE": folding.pe,
            "SIMD": folding.simd,
            "IN_BITS": int_type.bits,
            "IN_SIGNED": int(int_type.signed),
            "WEIGHT_BITS": weight.bits,
            "WEIGHT_SIGNED": int(weight.signed),
            "ACC_BITS": acc.bits,
            "ACC_SIGNED": int(acc.signed),
            "OUT_BITS": layer.output.type.bits,
            "OFFSET": threshold_unit(layer, folding).offset if _thresholds(layer) else 0,
            **(threshold_unit(layer, folding).parameters if _thresholds(layer) else {}),
            "PACKED": folding.packed,
        }

    def spare_bits(self, layer: Layer) -> int:
        """Raw scores keep theirs: without thresholds there is nothing that a row's scale could go into."""
        return 0 if _weight_type(layer).bipolar or not _thresholds(layer) else _weight_type(layer).bits

    def with_weight_bits(self, layer: Layer, bits: int, inputs: Inputs) -> Layer:
        made = rounded(layer.tensors["weights"], inputs, bits)
        low, high = _ends(made.integers, layer)
        thresholds = np.clip(made.thresholds(layer.tensors["thresholds"]), low, high + 1)
        acc_type = Interval(low, high + 1).signed_type  # a threshold that is never reached lies one above
        attributes = {"weight_type": str(IntType(bits, signed=True)), "acc_type": str(acc_type)}
        tensors = {"weights": made.integers, "thresholds": thresholds}
        return self.completed(replace(layer, attributes={**layer.attributes, **attributes}, tensors=tensors))

    def histogram(self, layer: Layer) -> tuple[np.ndarray, IntType] | None:
        """Its weights."""
        return layer.tensors["weights"], _weight_type(layer)

    def finn_attributes(self, layer: Layer, folding: Folding, storage: Mapping[str, Storage]) -> dict[str, int | str]:
        styles = {f"ram_style_{name}": place.finn_style for name, place in storage.items() if name == "thresholds"}
        loaded = {"runtime_writeable_weights": 1} if storage["weights"].way else {}
        multipliers = "dsp" if self.logic(layer, folding).dsp > 0 else "lut"
        lanes: dict[str, int | str] = {
            "PE": folding.pe,
            "SIMD": folding.simd,
            "ram_style": storage["weights"].finn_style,
        }
        return {**lanes, "ram_style": storage["weights"].finn_style, **styles, **loaded, "resType": multipliers}

    def images(self, layer: Layer, folding: Folding) -> Mapping[str, MemoryImage]:
        found = {"weights": _weight_image(layer, folding)}
        if _thresholds(layer):
            unit = threshold_unit(layer, folding)
            found["thresholds"] = unit.image(layer.tensors["thresholds"], _line(layer) if unit.spacing else None)
        return found


def largest_sum(weights: np.ndarray, largest: int) -> int:
    """What no partial sum of a row of `weights` (MW, MH), in any order, exceeds for inputs of magnitude `largest`.

    As all of them are integers, a type that represents every one up to there adds them without rounding, whichever
    order BLAS takes.
    """
    magnitudes = np.abs(weights.astype(np.float64)).sum(axis=0).max(initial=0)  # int64 might wrap
    return (int(magnitudes * (1 + 1e-9)) + 1) * largest


def reach(weights: np.ndarray, low: np.ndarray | int, high: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest sum of each row, (MH,) each, of `weights` (MW, MH) times inputs from `low` to `high`.

    The bounds are those of all inputs, or (MW, 1), of each.
    """
    ends = weights * low, weights * high
    return np.minimum(*ends).sum(axis=0), np.maximum(*ends).sum(axis=0)


def worst_reach(columns: int, weight: IntType, source: Interval) -> Interval:
    """What sums of `columns` products can be, of inputs from `source` and any weights of the type, narrow range."""
    largest = columns * weight.max * max(-source.low, source.high)
    return Interval(-largest, largest)


def _check_tensors(layer: Layer) -> None:
    weights, int_type, acc = layer.tensors["weights"], _weight_type(layer), _acc_type(layer)
    shape = (_columns(layer), _rows(layer))
    if weights.shape != shape:
        raise UserError(f"{layer.name}: weights must be of shape {shape}, not {weights.shape}")
    if (int_type.decode(int_type.encode(weights)) != weights).any():
        raise UserError(f"{layer.name}: weights from {weights.min()} to {weights.max()} are not all of type {int_type}")
    low, high = _reach(layer)
    if low.min() < acc.min or high.max() > acc.max:
        raise UserError(f"{layer.name}: sums from {low.min()} to {high.max()} do not fit {acc}; widen acc_type")
    if _thresholds(layer):
        thresholds = layer.tensors["thresholds"]
        if thresholds.min() < acc.min or thresholds.max() > acc.max:
            raise UserError(
                f"{layer.name}: thresholds from {thresholds.min()} to {thresholds.max()} do not fit {acc}; widen "
                "acc_type, or clip the thresholds that are always or never reached to the range of the sums"
            )


def _reach(layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest sum that any input can give each row, (MH,) each."""
    return reach(layer.tensors["weights"], layer.input.low, layer.input.high)


def _ends(weights: np.ndarray, layer: Layer) -> tuple[int, int]:
    """The lowest and the highest sum of any row of `weights` on the layer's inputs."""
    low, high = reach(weights, layer.input.low, layer.input.high)
    return int(low.min()), int(high.max())


def _line(layer: Layer) -> Line | None:
    return line_through(layer.tensors["thresholds"], *_reach(layer))


def _weight_image(layer: Layer, folding: Folding) -> MemoryImage:
    """Word nf * SF + sf: the weights of row nf * PE + p and column sf * SIMD + s at element p * SIMD + s."""
    int_type = _weight_type(layer)
    pe, simd = folding.pe, folding.simd
    tiles = int_type.encode(layer.tensors["weights"]).T.reshape(_rows(layer) // pe, pe, _columns(layer) // simd, simd)
    words = tiles.transpose(0, 2, 1, 3).reshape(-1, pe * simd)
    return MemoryImage(pack(words, int_type.bits), pe * simd * int_type.bits)


def _packings(layer: Layer, pe: int) -> list[int]:
    """What `packed` can be: 0 for LUTs, then every number of products that needs fewer multipliers than the one before.

    Each multiplier then has two products or more, or one product is wide enough by itself.
    """
    int_type, weight = layer.input.type, _weight_type(layer)
    found = [0]
    if int_type.bipolar or weight.bipolar:
        return found
    for packed in range(1, pe + 1):
        if _operand_bits(layer, packed) > WIDEST_OPERAND_BITS:
            break
        multipliers = _multipliers(pe, packed)
        fewest = pe // multipliers  # products of a multiplier
        fewer = packed == 1 or multipliers < _multipliers(pe, packed - 1)
        if fewer and fewest * (int_type.bits + weight.bits) >= LEAST_DSP_BITS:
            found.append(packed)
    return found


def _multipliers(pe: int, packed: int) -> int:
    """Hardware multipliers of a column, between which its rows are dealt out evenly."""
    return -(-pe // packed)


def _operand_bits(layer: Layer, packed: int) -> int:
    """Bits of the weights that share a multiplier, side by side, and a sign."""
    weight = _weight_type(layer)
    return (packed - 1) * (layer.input.type.bits + weight.bits) + weight.bits + 1


def _shifted(layer: Layer, folding: Folding) -> bool:
    """Whether the kernel takes its weights as non-negative: see mvau.sv."""
    return folding.packed > 1 and _weight_type(layer).signed


def _product_bits(int_type: IntType, weight: IntType) -> int:
    """As `ProductBits` in mvau.sv: a bipolar operand changes the other's sign or, if both are, counts equal bits."""
    if int_type.bipolar and weight.bipolar:
        return 1
    if int_type.bipolar or weight.bipolar:
        return max(int_type.bits, weight.bits) + 1
    return int_type.bits + weight.bits


def lut_multiplier(int_type: IntType, weight: IntType) -> tuple[int, int]:
    """LUTs of the tables of one product's digits, and of the adders that join them; see lut_multiplier.sv.

    A bit of a table of too many inputs takes two LUTs. XNOR takes one LUT, a sign change one a bit.
    """
    if int_type.bipolar or weight.bipolar:
        return _product_bits(int_type, weight), 0
    narrow, wide = sorted((int_type.bits, weight.bits))
    cut, bits = (narrow, wide) if narrow <= 2 else (wide, narrow)
    digits = -(-cut // 2)
    tables = (bits * digits + cut) * (1 if bits + min(cut, 2) <= TABLE_INPUTS else 2)
    return tables, sum(cut + bits - 2 * digit for digit in range(1, digits))


def threshold_unit(layer: Layer, folding: Folding) -> ThresholdUnit:
    """The unit that ends its rows, for one that has thresholds."""
    acc = _acc_type(layer)
    return ThresholdUnit(folding.pe, _rows(layer), _thresholds(layer), acc, acc, layer.output.type, spacing_of(layer))


def _rows(layer: Layer) -> int:
    return layer.output.channels


def _columns(layer: Layer) -> int:
    return layer.input.channels


def _keeps_pixels(layer: Layer, folding: Folding) -> bool:
    return folding.pe < _rows(layer) and folding.simd < _columns(layer)


def _thresholds(layer: Layer) -> int:
    return layer.number("thresholds")


def _weight_type(layer: Layer) -> IntType:
    return IntType.parse(str(layer.attributes["weight_type"]))


def _acc_type(layer: Layer) -> IntType:
    return IntType.parse(str(layer.attributes["acc_type"]))
