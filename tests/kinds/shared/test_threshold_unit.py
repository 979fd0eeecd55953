"""The cells' counts against the definitions, element by element."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.dataflow import IntType
from hwcodesign.kinds.shared.threshold_unit import (
    ThresholdUnit,
    middle_and_spread,
    quantize,
    step_count,
    tree_logic,
    tree_stages,
)
from hwcodesign.kinds.shared.uniform_thresholds import line_through

TYPES = st.builds(IntType, st.integers(1, 5), st.booleans())


@pytest.mark.parametrize(("count", "stages"), [(1, 0), (2, 1), (4, 1), (5, 2), (16, 2), (17, 3), (64, 3), (65, 4)])
def test_a_tree_register_stage_takes_four_to_one(count: int, stages: int) -> None:
    assert tree_stages(count) == stages


def test_a_tree_of_one_is_a_wire() -> None:
    assert tree_logic(1, 8, 8).lut == tree_logic(1, 8, 8).ff == 0


def test_a_tree_has_one_adder_less_than_elements() -> None:
    # 16 elements of 8 bits: 12 adders of 10 bits into 4 registers, then 3 adders of 12 bits into one.
    assert (tree_logic(16, 8, 12).lut, tree_logic(16, 8, 12).ff) == (12 * 10 + 3 * 12, 4 * 10 + 12)


@given(TYPES, st.data())
def test_quantize_counts_thresholds(out_type: IntType, data: st.DataObject) -> None:
    count = step_count(out_type)
    numbers = st.integers(-50, 50)
    thresholds = np.array([sorted(data.draw(st.lists(numbers, min_size=count, max_size=count))) for _ in range(2)])
    values = np.array([data.draw(st.lists(numbers, min_size=3, max_size=3)) for _ in range(2)])
    outputs = quantize(values, thresholds, out_type)
    for (channel, i), value in np.ndenumerate(values):
        reached = sum(int(value >= t) for t in thresholds[channel])
        expected = (1 if reached else -1) if out_type.bipolar else out_type.min + reached
        assert outputs[channel, i] == expected


def test_every_output_value_can_be_reached() -> None:
    for out_type in (IntType(1, True), IntType(1, False), IntType(4, True), IntType(4, False)):
        thresholds = np.arange(step_count(out_type))[None]
        outputs = quantize(np.array([[-1, 10**6]]), thresholds, out_type)
        assert outputs.tolist() == [[out_type.min if not out_type.bipolar else -1, out_type.max]]


def test_image_lays_out_thresholds_as_the_unit_reads_them() -> None:
    acc, thresholds = IntType(6, True), np.arange(-12, 12).reshape(4, 6)
    unit = ThresholdUnit(2, 4, 6, acc, acc, IntType(3, False))
    image = unit.image(thresholds)
    assert (len(image.words), image.width) == (unit.memory.words, unit.memory.width) == (2, 2 * 6 * 6)
    for fold, word in enumerate(image.words):
        for p in range(2):
            for t in range(6):
                code = word >> (p * 6 + t) * 6 & 0b111111
                assert acc.decode(np.array(code)) == thresholds[fold * 2 + p, t]


def test_a_base_and_a_step_may_take_more_than_64_bits_together() -> None:
    """Eight bits, and a channel whose batch norm all but stops it: all that it can be lies between two levels."""
    reach = 1 << 20
    evenly, hardly = np.arange(255) * 7919 // 3 - 300_000, np.where(np.arange(255) < 3, -reach, reach)
    thresholds = np.stack([evenly, hardly])
    line = line_through(thresholds, np.full(2, -reach), np.full(2, reach - 1))
    assert line is not None and line.spacing.bits > 64
    unit = ThresholdUnit(2, 2, 255, IntType(21, True), IntType(21, True), IntType(8, False), line.spacing)
    (word,) = unit.image(thresholds, line).words
    for channel in range(2):
        code = word >> channel * line.spacing.bits
        base, step = code & (1 << line.spacing.base_bits) - 1, code >> line.spacing.base_bits
        signed = base - (base >> line.spacing.base_bits - 1 << line.spacing.base_bits)
        assert (signed, step & (1 << line.spacing.step_bits) - 1) == (line.base[channel], line.step[channel])


def test_a_threshold_outside_its_type_is_our_fault() -> None:
    unit = ThresholdUnit(1, 1, 1, IntType(4, True), IntType(4, True), IntType(1, False))
    with pytest.raises(AssertionError, match="outside"):
        unit.image(np.array([[8]]))


def test_random_numbers_lie_around_their_middle_signed_or_not() -> None:
    unsigned, signed, bipolar = (IntType.parse(name) for name in ("uint4", "int4", "bipolar"))
    assert [middle_and_spread(each) for each in (unsigned, signed, bipolar)] == [(7.5, 3.75), (-0.5, 3.75), (0.0, 0.0)]
