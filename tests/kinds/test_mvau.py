"""The matrix-vector unit's reference against plain Python integers, and what it tells about its hardware."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding, Memory, kind_of
from hwcodesign.kinds.mvau import largest_sum
from hwcodesign.kinds.shared.steps import exact_type
from sim.bench import random_values
from sim.mvau import random_case

MVAU = kind_of("mvau")
OPERANDS = st.sampled_from(["bipolar", "uint1", "int2", "uint2", "int4", "uint4", "int8", "uint8"])
OUTPUTS = st.sampled_from([None, "bipolar", "uint1", "int2", "uint4", "int4"])
SMALL = st.integers(1, 3)


@given(OPERANDS, OPERANDS, OUTPUTS, st.tuples(SMALL, SMALL), st.tuples(SMALL, SMALL), st.integers(0, 999))
def test_run_is_the_sum_of_products_then_the_count_of_thresholds(
    source: str, weight: str, target: str | None, rows: tuple[int, int], columns: tuple[int, int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    layer, _ = random_case(rng, source, weight, target, 3, rows, columns)
    MVAU.check(layer)
    frames = random_values(rng, layer.input.type, (2, *layer.input.shape))
    outputs = MVAU.run(layer, [frames])[0]
    assert outputs.shape == (2, *layer.output.shape)
    for (frame, y, x, row), output in np.ndenumerate(outputs):
        pixel, column = frames[frame, y, x].tolist(), layer.tensors["weights"][:, row].tolist()
        total = sum(a * b for a, b in zip(pixel, column, strict=True))
        if target is None:
            assert output == total
        else:
            reached = sum(total >= t for t in layer.tensors["thresholds"][row].tolist())
            kind = layer.output.type
            assert output == (2 * reached - 1 if kind.bipolar else kind.min + reached)


@pytest.mark.parametrize("bits", [10, 11, 12, 13, 24, 25, 26, 27])
def test_sums_are_exact_on_both_sides_of_each_float_limit(bits: int) -> None:
    # Odd operands of `bits` bits: sums of some 2 * bits + 2 bits, of which floats must not lose the lowest.
    rng = np.random.default_rng(bits)
    weights = (1 << bits) - 1 - 2 * rng.integers(0, 8, (7, 5))
    pixels = ((1 << bits) - 1 - 2 * rng.integers(0, 8, (6, 7))) * rng.choice([-1, 1], (6, 7))
    kind = IntType(bits + 1, True)
    layer = Layer(
        "matrix", "mvau", (Stream((1, 6, 7), kind),), (Stream((1, 6, 5), IntType(64, True)),),
        {"weight_type": str(kind), "acc_type": "int64", "thresholds": 0}, {"weights": weights},
    )  # fmt: skip
    expected = [
        [sum(a * b for a, b in zip(x, row, strict=True)) for row in weights.T.tolist()] for x in pixels.tolist()
    ]
    assert MVAU.run(layer, [pixels.reshape(1, 1, 6, 7)])[0][0, 0].tolist() == expected


@pytest.mark.parametrize(
    ("largest", "exact"), [((1 << 24) - 1, np.float32), (1 << 24, np.float64), (1 << 53, np.int64)]
)
def test_types_end_where_integers_begin_to_round(largest: int, exact: type[np.generic]) -> None:
    assert exact_type(largest) is exact
    assert largest_sum(np.array([[3, -9], [-4, 1]]), 5) >= 50


@settings(max_examples=30)
@given(OPERANDS, st.tuples(SMALL, SMALL), st.tuples(SMALL, SMALL), st.integers(0, 99))
def test_weight_words_come_in_the_order_of_the_hardware(
    weight: str, rows: tuple[int, int], columns: tuple[int, int], seed: int
) -> None:
    layer, folding = random_case(np.random.default_rng(seed), "uint2", weight, "uint2", 1, rows, columns)
    kind, image = IntType.parse(weight), MVAU.images(layer, folding)["weights"]
    words = iter(image.words)
    for first_row in range(0, layer.output.channels, folding.pe):
        for first_column in range(0, layer.input.channels, folding.simd):
            word = next(words)
            for p in range(folding.pe):
                for s in range(folding.simd):
                    code = word >> (p * folding.simd + s) * kind.bits & (1 << kind.bits) - 1
                    expected = layer.tensors["weights"][first_column + s, first_row + p]
                    assert kind.decode(np.array(code)) == expected
    assert next(words, None) is None


def test_memories_are_those_of_the_images_and_need_no_tensors() -> None:
    layer, folding = random_case(np.random.default_rng(0), "uint4", "int4", "uint4", 2, (3, 4), (6, 5))
    memories = MVAU.memories(replace(layer, tensors={}), folding)
    assert [m.name for m in memories] == ["weights", "thresholds", "input"]
    for memory in memories[:2]:
        image = MVAU.images(layer, folding)[memory.name]
        assert (len(image.words), image.width) == (memory.words, memory.width)
        assert max(image.words) < 1 << image.width
    assert memories[0].bits == 30 * 12 * 4
    assert memories[2] == Memory("input", words=6, width=5 * 4, writable=True)
    all_rows = MVAU.memories(layer, Folding(12, 5))
    assert [m.name for m in all_rows] == ["weights", "thresholds"], "rows done at once need no copy of the pixel"
    assert [m.name for m in MVAU.memories(layer, Folding(4, 30))] == ["weights", "thresholds"], "one beat is a register"


def test_cycles_are_the_bound() -> None:
    layer, _ = random_case(np.random.default_rng(0), "uint4", "int4", "uint4", 7, (3, 4), (6, 5))
    for folding in MVAU.foldings(layer):
        macs = 7 * layer.output.channels * layer.input.channels
        assert MVAU.cycles(layer, folding) * folding.pe * folding.simd == macs
    in_luts = [f for f in MVAU.foldings(layer) if not f.packed]
    assert len(in_luts) == 6 * 8, "the divisors of 12 times the divisors of 30"


def packings(source: str, weight: str, pe: int, words: int = 4) -> list[int]:
    layer, _ = random_case(np.random.default_rng(0), source, weight, None, 1, (1, pe), (words, 1))
    return [f.packed for f in MVAU.foldings(layer) if (f.pe, f.simd) == (pe, 1)]


@pytest.mark.parametrize(
    ("source", "weight", "pe", "expected"),
    [
        ("uint4", "int4", 1, [0]),  # eight bits of a product are too few for Yosys to take a DSP
        ("uint4", "int4", 2, [0, 2]),
        ("uint4", "int4", 3, [0, 3]),  # two to a multiplier would leave one alone
        ("uint4", "int4", 4, [0, 2]),  # three to a multiplier are dealt out two and two
        ("uint4", "int4", 8, [0, 2, 3]),
        ("uint8", "int8", 4, [0, 1, 2]),  # 16 + 8 bits and a sign
        ("uint8", "int4", 1, [0, 1]),
        ("int2", "uint3", 6, [0, 3]),  # four need as many multipliers as three, six are too wide
        ("bipolar", "int4", 4, [0]),
        ("uint4", "bipolar", 4, [0]),
    ],
)
def test_products_share_a_multiplier_where_they_fit_side_by_side(
    source: str, weight: str, pe: int, expected: list[int]
) -> None:
    assert packings(source, weight, pe) == expected


def test_few_weights_are_constants_and_stay_in_luts() -> None:
    assert packings("uint8", "int8", 2, words=3) == [0]


def test_rows_are_dealt_out_between_the_multipliers_of_a_column() -> None:
    layer, _ = random_case(np.random.default_rng(0), "uint4", "int4", "uint4", 1, (2, 8), (4, 3))
    dsp = {packed: MVAU.logic(layer, Folding(8, 3, packed)).dsp for packed in (0, 2, 3)}
    assert dsp == {0: 0, 2: 4 * 3, 3: 3 * 3}
    bits = [MVAU.operand_bits(layer, Folding(8, 3, packed)) for packed in (0, 2, 3)]
    assert bits == [0, 8 + 4 + 1, 16 + 4 + 1]


# LUTs and flip-flops by Yosys 0.70, synth_xilinx -family xc7 -flatten -nodsp, memories in block RAM.
SYNTHESIZED = [
    (("uint4", "int4", "uint4", 3, (2, 4), (9, 4)), 1068, 473),
    (("uint4", "int4", "uint4", 3, (2, 2), (9, 16)), 1413, 738),
    (("uint4", "int4", None, 3, (2, 4), (9, 8)), 1054, 645),
    (("uint2", "int2", "uint2", 3, (2, 8), (9, 8)), 800, 721),
    (("bipolar", "bipolar", "bipolar", 4, (2, 4), (3, 16)), 264, 282),
    (("uint4", "bipolar", "uint4", 4, (2, 4), (3, 8)), 821, 536),
]


@pytest.mark.parametrize(("case", "lut", "ff"), SYNTHESIZED)
def test_estimates_are_near_what_synthesis_gives(case: tuple, lut: int, ff: int) -> None:  # type: ignore[type-arg]
    layer, folding = random_case(np.random.default_rng(0), *case)
    estimate = MVAU.logic(layer, folding)
    assert abs(estimate.lut - lut) <= 0.25 * lut
    assert abs(estimate.ff - ff) <= 0.02 * ff


class TestRefuses:
    layer, _ = random_case(np.random.default_rng(0), "uint4", "int4", "uint4", 2, (2, 2), (2, 3))

    def refused(self, message: str, **changes: object) -> None:
        with pytest.raises(UserError, match=f"matrix: .*{message}"):
            MVAU.check(replace(self.layer, **changes))  # type: ignore[arg-type]

    def test_other_pixels(self) -> None:
        self.refused("pixel by pixel", outputs=(Stream((2, 2, 4), IntType(4, False)),))

    def test_wrong_number_of_thresholds(self) -> None:
        self.refused("15 thresholds, not 14", attributes={**self.layer.attributes, "thresholds": 14})

    def test_raw_output_of_another_type(self) -> None:
        self.refused("without thresholds", attributes={**self.layer.attributes, "thresholds": 0})

    def test_weights_of_another_shape(self) -> None:
        self.refused(r"\(6, 4\), not \(4, 6\)", tensors={"weights": np.zeros((4, 6), np.int64)})

    def test_weights_beyond_their_type(self) -> None:
        self.refused("not all of type int4", tensors={"weights": np.full((6, 4), 8)})

    def test_sums_beyond_the_accumulator(self) -> None:
        self.refused("do not fit int4; widen", attributes={**self.layer.attributes, "acc_type": "int4"})

    def test_thresholds_beyond_the_accumulator(self) -> None:
        self.refused("thresholds from", tensors={**self.layer.tensors, "thresholds": np.full((4, 15), 10**6)})

    def test_thresholds_of_another_shape(self) -> None:
        self.refused("thresholds must be of shape", tensors={**self.layer.tensors, "thresholds": np.zeros((1, 15))})

    def test_falling_thresholds(self) -> None:
        falling = self.layer.tensors["thresholds"][:, ::-1] + np.arange(15)[::-1]
        self.refused("must rise", tensors={**self.layer.tensors, "thresholds": falling})


def test_a_predicted_layer_without_tensors_is_checked_too() -> None:
    layer = replace(TestRefuses.layer, tensors={})
    assert isinstance(layer, Layer)
    MVAU.check(layer)
