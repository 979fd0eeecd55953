"""What training minimises for a task, and what its validation images are judged by. Both are means over images."""

from typing import Protocol

import torch
from torch import Tensor


class Criterion(Protocol):
    """Of one recipe. Pixels are raw, 0 to 255 as floats, (frames, channels, height, width); labels (frames,) int64."""

    def drawn(self, pixels: Tensor, labels: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """A batch to train with, of one that was augmented: pixels, and for each frame what the network is to say."""
        ...

    def loss(self, scores: Tensor, targets: Tensor, taught: Tensor | None) -> Tensor:
        """The mean loss of a batch; `taught` are a float network's scores to imitate, where there is one."""
        ...

    def judged(self, scores: Tensor, pixels: Tensor, labels: Tensor) -> Tensor:
        """(frames,) what each says of the network; their mean is the task's `validation` figure."""
        ...
