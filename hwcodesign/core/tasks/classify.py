"""To tell classes apart: the highest score names the class. Judged by how many are right."""

import numpy as np

from hwcodesign.core.classified import top5
from hwcodesign.core.errors import UserError
from hwcodesign.core.score_map import ScoreMap
from hwcodesign.core.tasks.task import Answer, Metric, Scored, Shape


class Classify:
    """A score for each class."""

    validation = Metric("top1", "accuracy", "more", "{:.2f} %", 100.0)
    test: tuple[Metric, ...] = (validation, Metric("top5", "top-5", "more", "{:.2f} %", 100.0, "top-5 {}"))
    needed: tuple[str, ...] = ()
    unused: tuple[str, ...] = ("data.normal", "data.anchors")

    def outputs(self, image: Shape, classes: int) -> int:
        return classes

    def figures(self, scored: Scored) -> dict[str, float]:
        """top1, of the classes that hardware itself chose where it did; top5 where people look at five classes.

        Nothing without labels, or of a map of scores, which names no class.
        """
        if scored.labels is None or scored.meaning.shape is not None:
            return {}
        classes = scored.meaning.classes(scored.scores) if scored.chosen is None else scored.chosen[:, 0]
        found = {"top1": float((classes == scored.labels).mean())}
        if scored.pictures.top5:
            found["top5"] = top5(scored.meaning.affine(scored.scores), scored.labels)
        return found

    def decided(self, scores: np.ndarray, meaning: ScoreMap) -> np.ndarray | None:
        return meaning.classes(scores)

    def answers(self, scored: Scored) -> list[list[Answer]]:
        """Five classes where people look at five, else as many as hardware names; of one score its value.

        One score tells two classes apart where it is a sigmoid's.
        """
        meaning, pictures, count = scored.meaning, scored.pictures, scored.scores.shape[1]
        if meaning.shape is not None:
            height, width, channels = meaning.shape
            raise UserError(
                f"this network names no class: it gives {channels} scores for each of {height} x {width} pixels; "
                "take them from hwcodesign.host.Accelerator, and boxes from hwcodesign.core.boxes"
            )
        real = meaning.real(scored.scores)
        if count == 1:
            names = pictures.names(2) if meaning.function == "sigmoid" else ("", "")
            positive = meaning.classes(scored.scores)
            return [[Answer(names[one], float(score))] for score, one in zip(real[:, 0], positive, strict=True)]
        shown = max(pictures.shown, 0 if scored.chosen is None else scored.chosen.shape[1])
        names, ranked = pictures.names(count), meaning.ranked(scored.scores)
        return [[Answer(names[c], float(row[c])) for c in best[:shown]] for row, best in zip(real, ranked, strict=True)]
