"""Concat: channels in order of the inputs; maps that differ in size are refused."""

from dataclasses import replace

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding, kind_of

UINT4 = IntType(4, signed=False)
CONCAT = kind_of("concat")


def concat(*streams: Stream) -> Layer:
    height, width, _ = streams[0].shape
    output = Stream((height, width, sum(s.channels for s in streams)), streams[0].type)
    return Layer("fire2.concat", "concat", streams, (output,))


def test_input_0_has_the_first_channels() -> None:
    layer = concat(Stream((1, 2, 2), UINT4), Stream((1, 2, 3), UINT4))
    first = np.array([[[[1, 2], [3, 4]]]])
    second = np.array([[[[5, 6, 7], [8, 9, 10]]]])
    (output,) = CONCAT.run(layer, [first, second])
    assert output.tolist() == [[[[1, 2, 5, 6, 7], [3, 4, 8, 9, 10]]]]


def test_lanes_divide_every_input() -> None:
    layer = concat(Stream((2, 2, 8), UINT4), Stream((2, 2, 12), UINT4))
    assert [f.pe for f in CONCAT.foldings(layer)] == [1, 2, 4]
    assert CONCAT.cycles(layer, Folding(4)) == 4 * (2 + 3)


def test_inputs_are_taken_in_turn() -> None:
    layer = concat(Stream((2, 2, 8), UINT4), Stream((2, 2, 12), UINT4))
    assert [CONCAT.input_slot(layer, Folding(4), port) for port in (0, 1)] == [(0, 2), (2, 3)]


def test_beats_are_packed_32_bits_each_input_0_lowest() -> None:
    layer = concat(Stream((2, 2, 8), UINT4), Stream((2, 2, 12), UINT4))
    assert CONCAT.parameters(layer, Folding(2))["BEATS"] == 4 | 6 << 32


def test_refuses_inputs_that_differ_in_size() -> None:
    with pytest.raises(UserError, match=r"fire2.concat: the inputs of a concat must agree in height .*2x2, 2x3"):
        CONCAT.check(concat(Stream((2, 2, 4), UINT4), Stream((2, 3, 4), UINT4)))


def test_the_type_holds_the_elements_of_all_inputs() -> None:
    kinds = [IntType.parse(name) for name in ("uint4", "bipolar", "int3")]
    layer = concat(*(Stream((1, 1, 2), kind) for kind in kinds))
    assert str(CONCAT.output(layer).type) == "int5"
    layer = replace(layer, outputs=(CONCAT.output(layer),))
    parameters = CONCAT.parameters(layer, Folding(2))
    assert parameters["IN_BITS"] == 4 | 1 << 32 | 3 << 64
    assert parameters["IN_SIGNED"] == 0 | 1 << 32 | 1 << 64
    assert (parameters["BEAT_BITS"], parameters["WIDTH"]) == (2 * (4 + 1 + 3), 2 * 5)


def test_types_are_a_parameter_only_where_they_differ() -> None:
    assert "IN_BITS" not in CONCAT.parameters(concat(*[Stream((2, 2, 4), UINT4)] * 2), Folding())


def test_refuses_a_single_input() -> None:
    with pytest.raises(UserError, match=r"needs 2 inputs or more"):
        CONCAT.check(concat(Stream((2, 2, 4), UINT4)))
