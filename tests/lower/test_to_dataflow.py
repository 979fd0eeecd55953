"""From operations to layers: windows and padding in front, the narrowest types, a window's order of elements."""

import numpy as np
import pytest

from hwcodesign.dataflow import IntType
from hwcodesign.lower.endings import Scores
from hwcodesign.lower.meaning import Meaning
from hwcodesign.lower.operation import GRAPH_INPUT, Operation, Window
from hwcodesign.lower.to_dataflow import accumulator_type, matrix_of, to_dataflow, weight_type

WEIGHTS = np.arange(-9, 9).reshape(1, 2, 3, 3)


def matrix(weights: np.ndarray = WEIGHTS, window: Window | None = None, **more: object) -> Operation:
    count = len(weights)
    bounds = {"low": np.full(count, -100), "high": np.full(count, 90)} | more
    return Operation("conv1", "mvau", (GRAPH_INPUT,), weights=weights, window=window, **bounds)  # type: ignore[arg-type]


def test_a_windows_elements_come_row_by_row_column_by_column_channel_by_channel() -> None:
    found = matrix_of(matrix())
    assert found.shape == (18, 1)
    assert found[:4, 0].tolist() == [WEIGHTS[0, 0, 0, 0], WEIGHTS[0, 1, 0, 0], WEIGHTS[0, 0, 0, 1], WEIGHTS[0, 1, 0, 1]]


@pytest.mark.parametrize(("least", "most", "bits"), [(-8, 7, 4), (-8, 8, 5), (0, 1, 2), (-1, 0, 1), (-9, 0, 5)])
def test_weights_have_the_narrowest_signed_type(least: int, most: int, bits: int) -> None:
    found = weight_type(matrix(np.array([least, most]).reshape(1, 2, 1, 1)))
    assert found.signed and found.bits >= bits and (found.min <= least and most <= found.max)
    assert found.bits == max(bits, 2)  # one signed bit would be bipolar


def test_bipolar_weights_are_one_bit() -> None:
    assert weight_type(matrix(np.array([-1, 1]).reshape(1, 2, 1, 1), bipolar=True)) == IntType(1, signed=True)


def test_accumulators_hold_thresholds_that_are_never_reached() -> None:
    assert accumulator_type(matrix()) == IntType(8, signed=True)
    never = matrix(thresholds=np.array([[128]]), out_type=IntType(1, False))
    assert accumulator_type(never) == IntType(9, signed=True)


def graph(operation: Operation, shape: tuple[int, int, int] = (2, 5, 5)):  # type: ignore[no-untyped-def]
    count = 1 if operation.weights is None else len(operation.weights)
    pool = Operation("pool", "global_acc_pool", ("conv1",), np.full(count, -900), np.full(count, 900))
    scores = Scores("pool", np.ones(count), np.zeros(count), pool.low, pool.high, "")
    operations = {"conv1": operation, "pool": pool}
    return to_dataflow(Meaning(operations, scores, IntType(8, False), 1.0, shape), {"input_scale": 1.0})


@pytest.mark.parametrize(
    ("window", "names"),
    [
        (Window((3, 3), pad=(1, 1, 1, 1)), ["conv1.pad", "conv1.window", "conv1"]),
        (Window((3, 3)), ["conv1.window", "conv1"]),
    ],
)
def test_padding_and_windows_are_layers_of_their_own_where_they_are_needed(window: Window, names: list[str]) -> None:
    made = graph(matrix(np.repeat(WEIGHTS, 2, axis=0), window))
    assert [layer.name for layer in made.layers] == [*names, "pool", "label_select"]


def test_single_pixels_need_no_window() -> None:
    made = graph(matrix(WEIGHTS[:, :, :1, :1].repeat(2, axis=0), Window((1, 1))))
    assert [layer.name for layer in made.layers][:2] == ["conv1", "pool"]
