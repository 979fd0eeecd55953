"""Add: exact sums in a type that holds them; inputs that differ are refused."""

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Interval, IntType, Layer, Stream
from hwcodesign.kinds import kind_of

ADD = kind_of("add")


def add(first: str, second: str, total: str) -> Layer:
    shape = (1, 1, 2)
    inputs = (Stream(shape, IntType.parse(first)), Stream(shape, IntType.parse(second)))
    return Layer("fire3.add", "add", inputs, (Stream(shape, IntType.parse(total)),))


def test_adds() -> None:
    (output,) = ADD.run(add("int4", "int4", "int5"), [np.array([[[[-8, 7]]]]), np.array([[[[-8, -3]]]])])
    assert output.tolist() == [[[[-16, 4]]]]


@pytest.mark.parametrize(
    ("kind", "total"), [("uint4", "uint5"), ("int4", "int5"), ("uint1", "uint2"), ("bipolar", "int3")]
)
def test_the_sum_is_as_wide_as_it_needs_to_be(kind: str, total: str) -> None:
    assert str(ADD.output(add(kind, kind, total)).type) == total
    ADD.check(add(kind, kind, total))


def test_the_sum_of_bounded_inputs_is_bounded() -> None:
    stream = Stream((1, 1, 2), IntType(4, signed=False), Interval(0, 9))
    total = ADD.output(Layer("sum", "add", (stream, stream), ()))
    assert (total.low, total.high, str(total.type)) == (0, 18, "uint5")


def test_refuses_inputs_of_two_types() -> None:
    with pytest.raises(UserError, match=r"fire3.add: an add takes two inputs of one shape and type.*uint4.*int4"):
        ADD.check(add("uint4", "int4", "int5"))


def test_refuses_an_output_that_is_too_narrow() -> None:
    with pytest.raises(UserError, match=r"fire3.add: the sum of two uint4 is uint5, not uint4"):
        ADD.check(add("uint4", "uint4", "uint4"))
