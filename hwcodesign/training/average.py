"""The exponential moving average of a float network's weights, which validates better than the last step's weights.

With the quantizers on it validates worse: rounded to a few levels, the average of weights that still move is another
network than any of them, and batch norm's statistics are not its own.
"""

import copy

import torch
from torch import Tensor, nn


class Average:
    """A copy of `model` whose every weight and statistic follows the model's: a = decay * a + (1 - decay) * w.

    Over the first steps the decay is smaller, (1 + step) / (10 + step), so that the random start is soon forgotten.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(model).requires_grad_(False)
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        self.steps += 1
        own, live = _floats(self.model), _floats(model)
        torch._foreach_lerp_(own, live, 1 - decay)


def _floats(model: nn.Module) -> list[Tensor]:
    return [value for value in model.state_dict().values() if value.is_floating_point()]
