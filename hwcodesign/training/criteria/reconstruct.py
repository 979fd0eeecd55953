"""To give the input back: the mean squared error against the pixels as the network takes them."""

import torch
from torch import Tensor, nn

from hwcodesign.recipe import Recipe


class SquaredError:
    """Of a recipe. Labels are not looked at: all that is trained on is normal."""

    def __init__(self, recipe: Recipe) -> None:
        self._mean, self._divisor = (
            torch.tensor(value, dtype=torch.float32).reshape(-1, 1, 1)
            for value in (recipe.data.mean, recipe.data.divisor)
        )
        self._imitated = recipe.train.distillation

    def drawn(self, pixels: Tensor, labels: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        return pixels, self._wanted(pixels)

    def loss(self, scores: Tensor, targets: Tensor, taught: Tensor | None) -> Tensor:
        """With a teacher: the share `train.distillation` of the loss is against what that one gives."""
        given = scores[:, : targets.shape[1]].float()  # a family may give some more
        loss = nn.functional.mse_loss(given, targets)
        if taught is None:
            return loss
        return torch.lerp(loss, nn.functional.mse_loss(given, taught[:, : targets.shape[1]].float()), self._imitated)

    def judged(self, scores: Tensor, pixels: Tensor, labels: Tensor) -> Tensor:
        wanted = self._wanted(pixels)
        return (scores[:, : wanted.shape[1]] - wanted).square().mean(1)

    def _wanted(self, pixels: Tensor) -> Tensor:
        """(frames, numbers): row by row, channels innermost."""
        where = pixels.device
        return ((pixels - self._mean.to(where)) / self._divisor.to(where)).permute(0, 2, 3, 1).flatten(1)
