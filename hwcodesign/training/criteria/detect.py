"""To find objects: SqueezeDet's loss (B. Wu et al., SqueezeDet, 2017, section 3.3), normalised picture by picture."""

import numpy as np
import torch
from torch import Tensor, nn

from hwcodesign.core.boxes import BOX_NUMBERS, Anchors, changes_to, moved, overlap
from hwcodesign.core.errors import UserError
from hwcodesign.recipe import Recipe

# What each part of the loss counts, as in the paper.
BOX_WEIGHT, OBJECT_WEIGHT, NOTHING_WEIGHT = 5.0, 75.0, 100.0


class BoxLoss:
    """Of a recipe. Labels are those of core/tasks/detect.py; a target (10,) is a label, then the number of the anchor
    that is to become the box, and the four changes by which it does.
    """

    def __init__(self, recipe: Recipe) -> None:
        """Raises UserError unless the network's map has the scores of the recipe's anchors."""
        network, self._classes = recipe.describe(), recipe.data.classes
        rows, columns, channels = network.shapes[network.nodes[-1].name]
        count = len(recipe.data.anchors)
        if channels != count * (self._classes + BOX_NUMBERS):
            raise UserError(
                f"data.anchors has {count} anchors of {self._classes} classes, which are "
                f"{count * (self._classes + BOX_NUMBERS)} scores a pixel; the network gives {channels}: of the family "
                f"squeezedet, network.anchors = {count}"
            )
        self._anchors = Anchors(recipe.data.anchors, recipe.data.size).boxes(rows, columns)

    def drawn(self, pixels: Tensor, labels: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        return pixels, self._targets(labels)

    def loss(self, scores: Tensor, targets: Tensor, taught: Tensor | None) -> Tensor:
        return self._each(scores, targets).mean()

    def judged(self, scores: Tensor, pixels: Tensor, labels: Tensor) -> Tensor:
        return self._each(scores, self._targets(labels))

    def _targets(self, labels: Tensor) -> Tensor:
        """(frames, most, 10). Each box has the anchor that it overlaps most of those that are free, or the nearest."""
        known = labels.cpu().numpy()
        found = np.zeros((*known.shape[:2], 10))
        found[..., :5] = known
        boxes = moved(self._anchors, np.zeros_like(self._anchors))
        centres = boxes[:, :2] + boxes[:, 2:]
        for picture in found:
            there = picture[picture[:, 0] >= 0]  # they come first
            wanted = there[:, 1:5]
            apart = np.linalg.norm((wanted[:, None, :2] + wanted[:, None, 2:] - centres) / 2, axis=2)
            fits, taken = overlap(wanted[:, None], boxes) - 1e-6 * apart, np.empty(0, dtype=np.int64)
            for row in fits:
                row[taken] = -np.inf
                taken = np.append(taken, row.argmax())
            picture[: len(there), 5] = taken
            picture[: len(there), 6:] = changes_to(self._anchors[taken], wanted)
        return torch.from_numpy(found).to(labels.device)

    def _each(self, scores: Tensor, targets: Tensor) -> Tensor:
        """(frames,) the loss of each: the mean over its boxes of how far they are off in place and size, in confidence
        and in class, and the mean confidence of the anchors that are to be none.
        """
        each = scores.float().reshape(len(scores), -1, self._classes + BOX_NUMBERS)
        there, anchor = (targets[..., 0] >= 0).float(), targets[..., 5].long()
        found = each.gather(1, anchor[..., None].expand(-1, -1, each.shape[2]))
        named, confidence, changes = found.split([self._classes, 1, 4], dim=2)
        fit = overlap(
            moved(self._anchors[anchor.cpu().numpy().ravel()], changes.detach().double().cpu().numpy().reshape(-1, 4)),
            targets[..., 1:5].cpu().numpy().reshape(-1, 4),
        )
        wanted = torch.from_numpy(fit).float().to(scores.device).reshape(there.shape)
        places = (changes - targets[..., 6:].float()).square().sum(2)
        sure = (confidence[..., 0].sigmoid() - wanted).square()
        labels = targets[..., 0].long().clamp(min=0)
        classes = nn.functional.cross_entropy(named.flatten(0, 1), labels.flatten(), reduction="none")
        of_boxes = BOX_WEIGHT * places + OBJECT_WEIGHT * sure + classes.reshape(there.shape)
        boxes = (of_boxes * there).sum(1) / there.sum(1).clamp(min=1)
        free = (torch.zeros_like(each[..., 0]).scatter_add(1, anchor, there) == 0).float()
        empty = (each[..., self._classes].sigmoid().square() * free).sum(1) / free.sum(1).clamp(min=1)
        return boxes + NOTHING_WEIGHT * empty
