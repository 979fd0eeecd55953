"""What a task knows of its figures. A network's task says what its scores are for, and so how good they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np

from hwcodesign.core.picture_task import PictureTask
from hwcodesign.core.score_map import ScoreMap

Shape = tuple[int, int, int]  # height, width, channels


@dataclass(frozen=True)
class Metric:
    """A figure that networks are judged by.

    `key` is its name in JSON, `title` that for people. `better`: which of two values is. `form` writes a value times
    `scale`; `phrase` is what stands in a sentence, before "of 359 images".
    """

    key: str
    title: str
    better: Literal["more", "less"] = "more"
    form: str = "{:.4f}"
    scale: float = 1.0
    phrase: str = "{}"

    @property
    def objective(self) -> str:
        """Its name among the objectives of an exploration."""
        return self.title.lower().replace(" ", "_")

    @property
    def direction(self) -> Literal["maximize", "minimize"]:
        """Which way an exploration goes."""
        return "maximize" if self.better == "more" else "minimize"

    def shown(self, value: float) -> str:
        """A value as a person reads it."""
        return self.form.format(self.scale * value)

    def said(self, value: float) -> str:
        """A value with its name, where a bare one would not be understood."""
        return self.phrase.format(self.shown(value))


@dataclass(frozen=True)
class Scored:
    """Frames, and what a network gave for them, in integers or in another form's numbers.

    `frames`: (N, H, W, C) raw pixels; `scores`: (N, scores), which mean what `meaning` says. `pictures` is what the
    network was trained to do with the frames. `labels`: (N,), an index into the data set's classes; None where nobody
    knows. `chosen`: (N, top) the classes that hardware itself named, best first; None where the host ranks scores.
    """

    frames: np.ndarray
    scores: np.ndarray
    meaning: ScoreMap
    pictures: PictureTask
    labels: np.ndarray | None = None
    chosen: np.ndarray | None = None


class Answer(NamedTuple):
    """What a person is told of a frame: a class's name ("" where a score names no class) and its real score."""

    name: str
    score: float


class Task(Protocol):
    """One task. `validation` is what training's validation images tell, `test` what held-out ones do: the first of them
    always, the others where the recipe asks. `needed` and `unused` are keys of a recipe, such as "data.top5": that it
    cannot do without where there is data, and that mean nothing to it.
    """

    validation: Metric
    test: tuple[Metric, ...]
    needed: tuple[str, ...]
    unused: tuple[str, ...]

    def outputs(self, image: Shape, classes: int) -> int:
        """How many scores the network gives: in all, or by pixel where a family makes a map of them."""
        ...

    def figures(self, scored: Scored) -> dict[str, float]:
        """By the keys of `test`, how good the scores are; {} where that is not known."""
        ...

    def decided(self, scores: np.ndarray, meaning: ScoreMap) -> np.ndarray | None:
        """(N,) what is made of each frame, if that is one of few things; None if it is a number."""
        ...

    def answers(self, scored: Scored) -> list[list[Answer]]:
        """Of each frame what a person is told, best first. Raises UserError if there is nothing to say in words."""
        ...


def told(task: Task, summary: Mapping[str, Any]) -> str | None:
    """The figures of a part of report.json in words; None if it has none."""
    first, *others = task.test
    if summary.get(first.key) is None:
        return None
    beside = ", ".join(metric.said(summary[metric.key]) for metric in others if summary.get(metric.key) is not None)
    return first.said(summary[first.key]) + (f" ({beside})" if beside else "")
