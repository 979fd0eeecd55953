"""How each task is trained, a task a file. What its scores are for, and how they are judged, stands in core/tasks."""

from collections.abc import Callable, Mapping

from hwcodesign.recipe import Recipe
from hwcodesign.training.criteria.classify import CrossEntropy
from hwcodesign.training.criteria.criterion import Criterion
from hwcodesign.training.criteria.detect import BoxLoss
from hwcodesign.training.criteria.reconstruct import SquaredError

__all__ = ["Criterion", "criterion_of"]

_CRITERIA: Mapping[str, Callable[[Recipe], Criterion]] = {
    "classify": CrossEntropy,
    "reconstruct": SquaredError,
    "detect": BoxLoss,
}


def criterion_of(recipe: Recipe) -> Criterion:
    """That of the recipe's task, with its [train] table's settings. UserError if its network does not suit it."""
    return _CRITERIA[recipe.data.task](recipe)
