"""To tell classes apart: the highest score names the class. Judged by how many are right."""

import numpy as np

from hwcodesign.core.classified import top5
from hwcodesign.core.score_map import ScoreMap
from hwcodesign.core.tasks.task import Metric, Scored, Shape


class Classify:
    """A score for each class."""

    validation = Metric("top1", "accuracy", "more", "{:.2f} %", 100.0)
    test: tuple[Metric, ...] = (validation, Metric("top5", "top-5", "more", "{:.2f} %", 100.0, "top-5 {}"))
    unused: tuple[str, ...] = ()

    def outputs(self, image: Shape, classes: int) -> int:
        return classes

    def figures(self, scored: Scored) -> dict[str, float]:
        """top1, of the classes that hardware itself chose where it did; top5 where people look at five classes.

        Nothing of a map of scores, which names no class.
        """
        if scored.meaning.shape is not None:
            return {}
        classes = scored.meaning.classes(scored.scores) if scored.chosen is None else scored.chosen
        found = {"top1": float((classes == scored.labels).mean())}
        if scored.pictures.top5:
            found["top5"] = top5(scored.meaning.affine(scored.scores), scored.labels)
        return found

    def decided(self, scores: np.ndarray, meaning: ScoreMap) -> np.ndarray | None:
        return meaning.classes(scores)
