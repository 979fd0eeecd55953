"""Pools of integers: maxima and sums, with bounds and scales that hold."""

import numpy as np
import pytest

from hwcodesign.dataflow import IntType
from hwcodesign.lower import pooling
from hwcodesign.lower.values import Affine, Constant
from tests.lower.walking import node, problems, value, walk


def test_a_mean_over_everything_is_a_sum_with_a_smaller_step() -> None:
    made = walk(node("GlobalAveragePool"))
    found = pooling.global_pool(made, node("GlobalAveragePool"), value())
    assert found is not None and found.shape == (2, 1, 1) and found.place.shape == (1, 2, 1, 1)
    assert found.scale == 0.5 / 16 and found.high.tolist() == [240, 240]
    assert found.type == IntType(8, signed=False)
    assert made.operations[found.operation].operator == "global_acc_pool"


def test_a_sum_keeps_its_step_and_adds_its_bias_for_every_pixel() -> None:
    shifted = value().followed_by(Affine(np.ones(2), np.full(2, 0.25)))
    found = pooling.reduction(walk(), node("ReduceSum", axes=[2, 3], keepdims=0), shifted)
    assert found is not None and found.affine is not None and found.place.shape == (1, 2)
    assert found.affine.scale.tolist() == [0.5, 0.5] and found.affine.bias.tolist() == [4.0, 4.0]


def test_axes_may_be_an_input_and_count_from_the_end() -> None:
    found = pooling.reduction(walk(), node("ReduceMean"), value(), Constant(np.array([-1, -2])))
    assert found is not None and found.place.shape == (1, 2, 1, 1)


@pytest.mark.parametrize("axes", [[1], [2], [1, 2, 3]])
def test_axes_that_are_not_all_pixels_are_told(axes: list[int]) -> None:
    made = walk()
    assert pooling.reduction(made, node("ReduceMean", axes=axes), value()) is None
    assert "not all pixels of a feature map" in problems(made)


def test_one_pixel_needs_no_hardware() -> None:
    made = walk()
    found = pooling.global_pool(made, node("GlobalAveragePool"), value((2, 1, 1)))
    assert found is not None and found.scale == 0.5 and not made.operations


def test_windows_are_summed_and_the_division_is_left_to_the_scale() -> None:
    made = walk()
    found = pooling.average_pool(made, node("AveragePool", kernel_shape=[2, 2], strides=[2, 2]), value())
    assert found is not None and found.shape == (2, 2, 2) and found.scale == 0.125
    assert found.high.tolist() == [60, 60] and made.operations["layer"].operator == "sum_pool"


def test_a_border_that_averages_fewer_pixels_is_told() -> None:
    made = walk()
    padded = {"kernel_shape": [2, 2], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    assert pooling.average_pool(made, node("AveragePool", **padded), value()) is None
    assert "use padding=0, or count_include_pad=True" in problems(made)
    found = pooling.average_pool(made, node("AveragePool", count_include_pad=1, **padded), value())
    assert found is not None and found.shape == (2, 3, 3)


def test_a_maximum_pads_with_the_lowest_and_keeps_bounds_and_way() -> None:
    made = walk()
    attributes = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    source = value(int_type=IntType(4, signed=True))
    found = pooling.max_pool(made, node("MaxPool", **attributes), source)
    assert found is not None and (found.steps, found.type) == (source.steps, source.type)
    window = made.operations["layer"].window
    assert window is not None and window.pad_value == -8 and found.shape == (2, 2, 2)


def test_a_pool_of_one_pixel_is_nothing() -> None:
    made, source = walk(), value()
    assert pooling.max_pool(made, node("MaxPool", kernel_shape=[1, 1]), source) is source and not made.operations


def test_integers_that_fall_are_multiplied_by_their_sign_first() -> None:
    made, falling = walk(), value().followed_by(Affine(np.array([-1.0, 1.0]), np.ones(2)))
    found = pooling.max_pool(made, node("MaxPool", kernel_shape=[2, 2]), falling)
    assert found is not None and found.affine is not None and found.affine.scale.tolist() == [0.5, 0.5]
    assert (found.low.tolist(), found.high.tolist(), found.type) == ([-15, 0], [0, 15], IntType(5, signed=True))
    signs, pool = made.operations.values()
    assert signs.operator == "vvau" and signs.weights is not None and signs.weights.ravel().tolist() == [-1, 1]
    assert pool.operator == "max_pool" and pool.sources == (signs.name,)


def test_sums_that_fall_and_that_somebody_else_reads_cannot_be_pooled_by_their_integers() -> None:
    made, falling = walk(), value(open=True, alone=False).followed_by(Affine(-np.ones(2), np.zeros(2)))
    assert pooling.max_pool(made, node("MaxPool", kernel_shape=[2, 2]), falling) is None
    assert "of some channels the maximum would be the minimum of their integers" in problems(made)
