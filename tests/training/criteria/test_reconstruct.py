"""The loss is the anomaly score that the host computes, a teacher's share included."""

import numpy as np
import torch

from hwcodesign.core.picture_task import PictureTask
from hwcodesign.core.preprocessing import Preprocessing
from hwcodesign.core.score_map import INTEGERS
from hwcodesign.core.tasks import Scored
from hwcodesign.core.tasks.reconstruct import anomaly_scores
from hwcodesign.recipe import Recipe
from hwcodesign.training.criteria import criterion_of

RECIPE = Recipe.trained({
    "network": {"family": "autoencoder", "units": 4, "layers": 1, "bottleneck": 2},
    "data": {"dataset": "arrays", "size": (2, 2), "channels": 3, "classes": 2, "task": "reconstruct", "normal": ("0",),
             "mean": (1.0, 2.0, 3.0), "divisor": 64.0},
    "train": {"distillation": 0.25},
})  # fmt: skip


def test_the_loss_is_the_mean_anomaly_score_of_the_batch() -> None:
    random = torch.Generator().manual_seed(1)
    pixels = torch.randint(0, 256, (5, 3, 2, 2), generator=random).float()
    scores, labels = torch.randn(5, 12, generator=random), torch.zeros(5, dtype=torch.int64)
    criterion = criterion_of(RECIPE)
    taken, wanted = criterion.drawn(pixels, labels, random)
    judged = criterion.judged(scores, pixels, labels)
    pictures = PictureTask(Preprocessing((2, 2), 3), mean=(1.0, 2.0, 3.0), divisor=(64.0,))
    frames = pixels.permute(0, 2, 3, 1).numpy()
    expected = anomaly_scores(Scored(frames, scores.double().numpy(), INTEGERS, pictures))
    assert taken is pixels
    assert np.allclose(judged.numpy(), expected, rtol=1e-5)
    assert torch.isclose(criterion.loss(scores, wanted, None), judged.mean())


def test_a_teachers_share_is_against_what_it_gives() -> None:
    given = torch.zeros(2, 12)
    loss = criterion_of(RECIPE).loss(given, torch.full((2, 12), 2.0), torch.full((2, 12), 1.0))
    assert float(loss) == 0.75 * 4.0 + 0.25 * 1.0
