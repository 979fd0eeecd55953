"""The detector's loss: near nothing for what is right, picture by picture, and an anchor for every box."""

import numpy as np
import pytest
import torch

from hwcodesign.core.boxes import BOX_NUMBERS
from hwcodesign.core.errors import UserError
from hwcodesign.recipe import Recipe
from hwcodesign.training.criteria import criterion_of

TABLES = {
    "network": {"family": "squeezedet", "anchors": 2, "conv1_filters": 4, "squeeze": (2,), "expand": (2,),
                "pool_after": ("conv1",)},
    "data": {"dataset": "boxes", "size": (16, 32), "classes": 3, "task": "detect", "anchors": ((6.0, 8.0), (8.0, 4.0))},
}  # fmt: skip
NONE = [-1.0] * 5
LABELS = torch.tensor(
    [[[2, 3, 2, 12, 8], [0, 20, 3, 25, 12]], [[1, 3, 2, 12, 8], [1, 3, 2, 12, 8]], [NONE, NONE]], dtype=torch.float64
)
PIXELS, RANDOM = torch.zeros(3, 1, 16, 32), torch.Generator()


def right(targets: torch.Tensor, places: int) -> torch.Tensor:
    """The scores of a network that is sure of every target."""
    scores = torch.zeros(len(targets), places * 2, 3 + BOX_NUMBERS)
    scores[..., 3] = -30
    for picture, wanted in zip(scores, targets, strict=True):
        for target in wanted[wanted[:, 0] >= 0]:
            anchor = int(target[5])
            picture[anchor, int(target[0])], picture[anchor, 3] = 30, 30
            picture[anchor, 4:] = target[6:]
    return scores.flatten(1)


def places() -> int:
    network = Recipe.trained(TABLES).describe()
    rows, columns, _ = network.shapes[network.nodes[-1].name]
    return rows * columns


def test_what_is_right_costs_nothing_and_each_mistake_its_own_picture() -> None:
    criterion = criterion_of(Recipe.trained(TABLES))
    pixels, targets = criterion.drawn(PIXELS, LABELS, RANDOM)
    scores = right(targets, places())
    assert pixels is PIXELS
    assert criterion.judged(scores, PIXELS, LABELS).abs().max() < 1e-3
    wrong = scores.clone().reshape(3, -1, 8)
    wrong[2, 5, 3] = 30  # sees a box where there is none, in one of its anchors
    each = criterion.judged(wrong.flatten(1), PIXELS, LABELS)
    assert each[:2].abs().max() < 1e-3 and torch.isclose(each[2], torch.tensor(100.0 / (2 * places())))
    assert torch.isclose(criterion.loss(wrong.flatten(1), targets, None), each.mean())


def test_two_boxes_in_one_place_have_two_anchors() -> None:
    _, targets = criterion_of(Recipe.trained(TABLES)).drawn(PIXELS, LABELS, RANDOM)
    assert targets.shape == (3, 2, 10)
    assert targets[1, 0, 5] != targets[1, 1, 5]
    assert np.isfinite(targets.numpy()).all()


def test_another_number_of_anchors_than_the_networks() -> None:
    data = {**TABLES["data"], "anchors": ((6.0, 8.0),)}
    with pytest.raises(UserError, match=r"data.anchors has 1 anchors of 3 classes, which are 8 scores a pixel; .* 16"):
        criterion_of(Recipe.trained({**TABLES, "data": data}))
