"""Cases of the matrix-vector unit: every pair of operand types, with and without thresholds, folded in all ways."""

from dataclasses import replace

import numpy as np

from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.kinds.shared.threshold_unit import step_count
from sim.bench import random_type
from sim.thresholding import random_thresholds

# For each rule of the kernel, parameters that break it.
BROKEN = {
    "simd_divides_mw": {"MW": 5, "SIMD": 2},
    "pe_divides_mh": {"MH": 4, "PE": 3},
    "bits_are_positive": {"WEIGHT_BITS": 0},
    "out_bits_are_acc_bits_without_thresholds": {"ACC_BITS": 4},
    "packed_operands_are_not_bipolar": {"PACKED": 1},
    "load_bits_are_not_negative": {"LOAD_BITS": -1},
}
# (input, weights, output; none: raw sums), pixels, (folds of rows, pe), (steps of columns, simd), packed; none: LUTs
CASES = (
    ("uint4", "int4", "uint4", 3, (2, 4), (9, 4)),
    ("uint8", "int8", None, 2, (3, 2), (5, 3)),
    ("bipolar", "bipolar", "bipolar", 4, (2, 3), (3, 7)),
    ("bipolar", "bipolar", None, 3, (1, 2), (1, 9)),
    ("uint2", "int2", "uint2", 5, (4, 1), (1, 6)),
    ("int4", "bipolar", "int4", 3, (2, 2), (4, 1)),
    ("bipolar", "int4", "uint3", 3, (3, 1), (2, 17)),
    ("uint3", "bipolar", None, 4, (1, 3), (3, 2)),
    ("int8", "int3", "int2", 2, (1, 1), (6, 1)),
    ("uint4", "uint3", "uint8", 3, (2, 2), (2, 5)),
    ("int5", "uint2", "uint1", 3, (5, 1), (4, 3)),
    ("uint8", "int4", "uint4", 6, (1, 8), (1, 3)),
    ("uint1", "int2", "bipolar", 4, (3, 2), (2, 8)),
    ("uint4", "uint4", None, 4, (1, 1), (1, 1)),
    ("uint4", "int4", "uint4", 5, (2, 5), (3, 4), 3),
    ("uint4", "int4", None, 3, (3, 8), (2, 9), 3),
    ("int8", "int8", "int4", 4, (2, 2), (3, 3), 1),
    ("int3", "int3", None, 4, (1, 4), (5, 2), 4),
    ("uint2", "uint2", "uint4", 3, (1, 5), (6, 5), 5),
    ("int5", "uint2", None, 3, (2, 3), (4, 1), 3),
)

RANDOM_CASES = 6
LOADED_CASES = 9


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """The cases above, which reach every branch of the kernel, and some that are random in every respect.

    Those with several thresholds come twice: with uneven ones, then with even ones.
    """
    given = [random_case(rng, *case, even=even) for case in CASES for even in (False, True)[: 1 + _several(case[2])]]
    random = [_any_case(rng) for _ in range(RANDOM_CASES)]
    return given + random + [_loadable(*_any_case(rng)) for _ in range(LOADED_CASES)]


def _loadable(layer: Layer, folding: Folding) -> tuple[Layer, Folding]:
    """The same with weights that are loaded after reset."""
    return replace(layer, attributes={**layer.attributes, "loadable": 1}), folding


def _several(target: str | None) -> bool:
    return target is not None and step_count(IntType.parse(target)) > 1


def _any_case(rng: np.random.Generator) -> tuple[Layer, Folding]:
    source, weight = str(random_type(rng)), str(random_type(rng))
    bits = int(rng.integers(1, 5))
    target = None if rng.random() < 0.25 else str(IntType(bits, signed=bool(rng.integers(2))))
    pixels, row_folds, pe, steps, half_simd = (int(n) for n in rng.integers(1, 6, 5))
    rows, columns = (row_folds, pe), (steps, 2 * half_simd)
    layer, folding = random_case(rng, source, weight, target, pixels, rows, columns, even=bool(rng.integers(2)))
    legal = [f for f in kind_of("mvau").foldings(layer) if (f.pe, f.simd) == (folding.pe, folding.simd)]
    return layer, legal[rng.integers(len(legal))]


def requantized(
    rng: np.random.Generator, weights: np.ndarray, in_type: IntType, target: str | None, even: bool
) -> tuple[IntType, IntType, dict[str, np.ndarray]]:
    """The narrowest type of all sums of columns of `weights`, that of the output, and the layer's tensors."""
    low, high = reach(weights, in_type)
    acc_type = IntType.holding(low, high)
    if target is None:
        return acc_type, acc_type, {"weights": weights}
    out_type = IntType.parse(target)
    thresholds = random_thresholds(rng, weights.shape[1], step_count(out_type), low, high, even)
    return acc_type, out_type, {"weights": weights, "thresholds": np.clip(thresholds, acc_type.min, acc_type.max)}


def random_case(
    rng: np.random.Generator,
    source: str,
    weight: str,
    target: str | None,
    pixels: int,
    rows: tuple[int, int],
    columns: tuple[int, int],
    packed: int = 0,
    even: bool = False,
) -> tuple[Layer, Folding]:
    """A layer with random weights and thresholds, in the narrowest accumulator that holds all its sums."""
    in_type, weight_type = IntType.parse(source), IntType.parse(weight)
    height, width = rows[0] * rows[1], columns[0] * columns[1]
    weights = random_weights(rng, weight_type, (width, height))
    acc_type, out_type, tensors = requantized(rng, weights, in_type, target, even)
    layer = Layer(
        "matrix",
        "mvau",
        (Stream((1, pixels, width), in_type),),
        (Stream((1, pixels, height), out_type),),
        {"weight_type": weight, "acc_type": str(acc_type), "thresholds": step_count(out_type) if target else 0},
        tensors,
    )
    return kind_of("mvau").completed(layer), Folding(rows[1], columns[1], packed)


def random_weights(rng: np.random.Generator, int_type: IntType, shape: tuple[int, int]) -> np.ndarray:
    """Weights of `int_type`, int64, the lowest one included."""
    if int_type.bipolar:
        return rng.choice([-1, 1], shape)
    return rng.integers(int_type.min, int_type.max + 1, shape)


def reach(weights: np.ndarray, source: IntType) -> tuple[int, int]:
    """The lowest and the highest sum that any input can give."""
    ends = np.stack([weights * source.min, weights * source.max])
    return int(ends.min(axis=0).sum(axis=0).min()), int(ends.max(axis=0).sum(axis=0).max())
