"""Training on: nearer to the float network or the labels, zeros and shared values kept, nothing worse than before."""

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.quantize.compression import pruned, shared
from hwcodesign.quantize.fine_tuning import Lessons, Tuned, _optimizer, fine_tuned
from hwcodesign.quantize.float_network import with_weights
from hwcodesign.recipe import Recipe
from tests.quantize import small

NET = {"family": "squeezenet", "base_e": 16, "incr_e": 0, "fire_modules": 1, "SR": 0.5, "conv1_filters": 8,
       "conv1_kernel": 3, "pool_after": ["conv1"]}  # fmt: skip
RECIPE = Recipe(network=NET, data={"dataset": "none", "size": (20, 20), "channels": 3, "classes": 5},
                hardware={"board": "none"}, train={"batch_size": 8})  # fmt: skip
WEIGHTS = small.weights(small.network(fire_modules=1))
IMAGES = small.images(48)


def test_pruned_weights_come_nearer_and_zeros_stay() -> None:
    start, seen = pruned(WEIGHTS, 0.3), list[Tuned]()
    made = fine_tuned(RECIPE, start, Lessons(IMAGES, None, WEIGHTS), 3, on_epoch=seen.append)
    assert [now.epoch for now in seen] == [0, 1, 2, 3]
    assert min(now.loss for now in seen[1:]) < 0.5 * seen[0].loss
    for name, (weight, _) in made.items():
        assert np.array_equal(weight == 0, start[name].weight == 0) and not np.array_equal(weight, start[name].weight)
    again = fine_tuned(RECIPE, start, Lessons(IMAGES, None, WEIGHTS), 3)
    assert all(np.array_equal(made[name].weight, again[name].weight) for name in made)


def test_shared_values_train_and_stay_shared() -> None:
    start, seen = shared(pruned(WEIGHTS, 0.5), 2), list[Tuned]()
    made = fine_tuned(RECIPE, start, Lessons(IMAGES, None, WEIGHTS), 3, shared=True, on_epoch=seen.append)
    assert min(now.loss for now in seen[1:]) < 0.7 * seen[0].loss
    for name, (weight, _) in made.items():
        before = start[name].weight
        assert np.array_equal(weight == 0, before == 0) and not np.array_equal(weight, before)
        assert all(len(np.unique(weight[before == value])) == 1 for value in np.unique(before))


def test_labels_are_learned() -> None:
    labels = (IMAGES.mean((1, 2, 3)) > 128).astype(np.int64)
    seen = list[Tuned]()
    fine_tuned(RECIPE, WEIGHTS, Lessons(IMAGES, labels, WEIGHTS), 3, on_epoch=seen.append)
    assert min(now.loss for now in seen[1:]) < seen[0].loss


def test_an_epoch_that_is_no_better_is_not_kept() -> None:
    """Of the very network that it learns from, none is."""
    made = fine_tuned(RECIPE, WEIGHTS, Lessons(IMAGES, None, WEIGHTS), 1)
    assert all(np.array_equal(made[name].weight, WEIGHTS[name].weight) for name in made)


def test_too_few_images() -> None:
    with pytest.raises(UserError, match=r"3 images are too few to train with"):
        fine_tuned(RECIPE, WEIGHTS, Lessons(IMAGES[:3], None, WEIGHTS), 1)


def test_shared_values_move_by_less_in_each_of_many_steps() -> None:
    def rates(shares: bool, steps: int) -> list[float]:
        return [group["most"] for group in _optimizer(with_weights(RECIPE, WEIGHTS), shares, steps).param_groups]

    assert rates(False, 10_000) == rates(False, 10) == rates(True, 10)
    assert rates(True, 40_000) == pytest.approx([rate / 2 for rate in rates(True, 10_000)])
    assert all(long < short / 5 for long, short in zip(rates(True, 10_000), rates(True, 10), strict=True))
