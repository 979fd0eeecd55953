"""The exact way from integers to real numbers, and where a tensor's elements lie."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.dataflow import IntType
from hwcodesign.lower.values import RELU, Affine, Constant, Function, Value, places, uniform, whole_range

NUMBERS = st.integers(-64, 64).map(lambda n: n / 8)


def value(*steps: Affine | Function, shape: tuple[int, int, int] = (2, 1, 1), **more: object) -> Value:
    low, high = whole_range(IntType(4, signed=True), shape[0])
    return Value("conv1", shape, IntType(4, signed=True), low, high, steps, places(shape), **more)  # type: ignore[arg-type]


def line(scale: float, bias: float) -> Affine:
    return Affine(np.full(2, scale), np.full(2, bias))


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.integers(-8, 7))
def test_lines_are_joined_and_mean_what_they_meant_apart(a: float, b: float, c: float, d: float, n: int) -> None:
    joined = value(line(a, b)).followed_by(line(c, d))
    assert len(joined.steps) == 1
    integers = np.full((2, 1), n)
    assert (joined.real(integers) == line(c, d)(line(a, b)(integers.astype(float)))).all()


def test_a_function_that_changes_none_of_the_integers_leaves_no_trace() -> None:
    high_only = replace(value(line(1.0, 0.0)), low=np.zeros(2, dtype=np.int64))
    assert high_only.followed_by(RELU) is high_only
    assert value(line(1.0, 0.0)).followed_by(RELU).steps[-1] is RELU
    assert replace(high_only, open=True).followed_by(RELU).steps[-1] is RELU  # the sums may yet grow


def test_the_same_function_twice_is_once() -> None:
    once = value(line(1.0, -3.0)).followed_by(RELU)
    assert once.followed_by(RELU) is once


@pytest.mark.parametrize(
    ("steps", "scale"),
    [
        ((uniform(0.5, 2),), 0.5),
        ((line(0.5, 1.0),), None),
        ((line(-0.5, 0.0),), None),
        ((uniform(0.5, 2), RELU), None),
        ((Affine(np.array([0.5, 0.25]), np.zeros(2)),), None),
    ],
)
def test_one_scale_is_one_positive_factor_and_nothing_else(steps: tuple[Affine, ...], scale: float | None) -> None:
    assert value(*steps).scale == scale


def test_signs_multiply_along_the_way() -> None:
    found = value(Affine(np.array([-1.0, 0.0]), np.zeros(2)), RELU, line(-2.0, 0.0))
    assert found.signs.tolist() == [1, 0]


def test_a_map_is_one_only_in_its_own_order() -> None:
    flat = value(uniform(1.0, 2), shape=(2, 2, 3))
    assert flat.is_map and not flat.padded
    assert not replace(flat, place=flat.place.reshape(1, 12)).is_map
    assert not replace(flat, place=flat.place[:, ::-1]).is_map
    padded = replace(flat, place=np.pad(flat.place, [(0, 0), (0, 0), (1, 0), (0, 0)], constant_values=-1))
    assert padded.padded and not padded.is_map
    row = value(uniform(1.0, 2), shape=(2, 1, 3))
    assert replace(row, place=row.place.reshape(1, 2, 3)).is_map


def test_all_integers_of_every_channel_and_none_where_they_are_many() -> None:
    uneven = replace(value(uniform(1.0, 2)), low=np.array([0, 5]), high=np.array([2, 6]))
    found = uneven.integers()
    assert found is not None and found.tolist() == [[0, 1, 2], [5, 6, 6]]
    assert replace(uneven, high=np.array([5000, 6])).integers() is None


def test_ranges_of_types() -> None:
    assert [side.tolist() for side in whole_range(IntType(1, signed=True), 1)] == [[-1], [1]]
    assert [side.tolist() for side in whole_range(IntType(3, signed=False), 2)] == [[0, 0], [7, 7]]


def test_quantized_constants_are_not_rounded_to_float32() -> None:
    scale = np.array([np.float32(0.1)], dtype=np.float64)
    made = Constant(np.array([0.3], dtype=np.float32), np.array([3]), scale)
    assert made.exact[0] == 3 * float(np.float32(0.1)) != float(made.real[0])
    assert Constant(np.array([0.5], dtype=np.float32)).exact.dtype == np.float64
