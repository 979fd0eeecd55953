"""To tell classes apart: cross entropy with smoothed or mixed labels, and what the float network would say."""

import torch
from torch import Tensor, nn

from hwcodesign.recipe import Recipe, TrainTable
from hwcodesign.training.blending import blended, blends

# Scores behind a ReLU and batch norm span about 0 to 3, too little for a confident softmax. The class is the same.
LOSS_SHARPNESS = 4.0
_TEMPERATURE = 2.0  # softens both networks' answers to each other


class CrossEntropy:
    """The loss of a recipe's [train] table; an image is right if the highest score is its label's."""

    def __init__(self, recipe: Recipe) -> None:
        self._schedule, self._scores = recipe.train, recipe.describe().outputs  # of which a family may have some more

    def drawn(self, pixels: Tensor, labels: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        if not blends(self._schedule):
            return pixels, labels
        blend = blended(pixels, self._schedule, random)
        targets = nn.functional.one_hot(labels, self._scores).float()
        return blend.pixels, torch.lerp(targets[blend.other], targets, blend.share)

    def loss(self, scores: Tensor, targets: Tensor, taught: Tensor | None) -> Tensor:
        return loss_of(scores, targets, taught, self._schedule)

    def judged(self, scores: Tensor, pixels: Tensor, labels: Tensor) -> Tensor:
        return scores.argmax(1) == labels


def loss_of(scores: Tensor, targets: Tensor, teacher_scores: Tensor | None, schedule: TrainTable) -> Tensor:
    """The mean loss of a batch; `targets` are labels (frames,) or shares (frames, classes).

    With a teacher: (1 - d) * L(targets) + d * T^2 * L(the teacher's softened answer), d = `distillation`
    (G. Hinton et al., Distilling the knowledge in a neural network, 2015).
    """
    sharp = LOSS_SHARPNESS * scores.float()
    loss = nn.functional.cross_entropy(sharp, targets, label_smoothing=schedule.label_smoothing)
    if teacher_scores is None:
        return loss
    answer = (LOSS_SHARPNESS * teacher_scores.float() / _TEMPERATURE).softmax(1)
    imitation = nn.functional.cross_entropy(sharp / _TEMPERATURE, answer) * _TEMPERATURE**2
    return torch.lerp(loss, imitation, schedule.distillation)
