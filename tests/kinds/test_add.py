"""Add: exact sums in a type that holds them; inputs that differ are refused."""

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import kind_of
from hwcodesign.kinds.add import sum_type

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
    assert str(sum_type(IntType.parse(kind))) == total
    ADD.check(add(kind, kind, total))


def test_refuses_inputs_of_two_types() -> None:
    with pytest.raises(UserError, match=r"fire3.add: an add takes two inputs of one shape and type.*uint4.*int4"):
        ADD.check(add("uint4", "int4", "int5"))


def test_refuses_an_output_that_is_too_narrow() -> None:
    with pytest.raises(UserError, match=r"fire3.add: the sum of two uint4 is uint5, not uint4"):
        ADD.check(add("uint4", "uint4", "uint4"))
