"""Learning rates of both phases."""

import math

import pytest
from pydantic import ValidationError

from hwcodesign.recipe import TrainTable
from hwcodesign.training.schedule import learning_rate, phases, quantizes, total_epochs, unquantized_epochs


def test_rates_fall_to_zero():
    for shape in ("linear", "cosine"):
        table = TrainTable(schedule=shape, learning_rate=2.0, epochs=10)
        assert learning_rate(table, 0.0) == 2.0
        assert math.isclose(learning_rate(table, 5.0), 1.0)
        assert math.isclose(learning_rate(table, 10.0), 0.0, abs_tol=1e-12)
    cosine, linear = TrainTable(schedule="cosine", epochs=4), TrainTable(epochs=4)
    assert learning_rate(cosine, 1.0) > learning_rate(linear, 1.0)


def test_warm_up_rises_from_zero():
    table = TrainTable(learning_rate=1.0, epochs=10, warmup_epochs=2)
    assert [learning_rate(table, when) for when in (0.0, 1.0, 2.0, 6.0, 10.0)] == [0, 0.5, 1, 0.5, 0]


def test_a_warm_up_longer_than_the_training_ends_in_its_middle():
    assert learning_rate(TrainTable(learning_rate=1.0, epochs=2, warmup_epochs=50), 1.0) == 1


def test_the_quantized_phase_has_a_schedule_of_its_own():
    table = TrainTable(learning_rate=1.0, float_epochs=4, epochs=2, quantized_rate=0.25, warmup_epochs=1)
    assert total_epochs(table) == 6
    assert [quantizes(table, epoch) for epoch in range(6)] == [False] * 4 + [True] * 2
    assert [learning_rate(table, when) for when in (0.5, 1.0, 2.5, 4.0, 4.5, 5.0, 5.5)] == [
        0.5, 1.0, 0.5, 0.0, 0.125, 0.25, 0.125
    ]  # fmt: skip


def test_dense_sparse_dense_comes_before_the_quantizers():
    table = TrainTable(learning_rate=1.0, float_epochs=4, sparse_epochs=2, dense_epochs=2, epochs=1, quantized_rate=0.5)
    assert [(p.first, p.epochs, p.sparse, p.quantized) for p in phases(table)] == [
        (0, 4, False, False), (4, 2, True, False), (6, 2, False, False), (8, 1, False, True)
    ]  # fmt: skip
    assert [learning_rate(table, when) for when in (3.0, 4.0, 5.0, 6.0, 7.0, 8.0)] == [0.25, 1, 0.5, 0.1, 0.05, 0.5]
    assert (unquantized_epochs(table), total_epochs(table)) == (8, 9)


@pytest.mark.parametrize("keys", [{"sparse_epochs": 1}, {"float_epochs": 1, "dense_epochs": 1}])
def test_a_sparse_phase_goes_on_from_trained_weights_and_a_dense_one_from_it(keys):
    with pytest.raises(ValidationError, match=r"0 without (float_epochs|sparse_epochs)"):
        TrainTable(**keys)
