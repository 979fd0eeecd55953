"""Frames to run through a network, with what is known of each."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwcodesign.core.array_file import read_arrays
from hwcodesign.core.document import reading
from hwcodesign.core.errors import UserError
from hwcodesign.core.picture_task import PictureTask
from hwcodesign.core.preprocessing import Preprocessing
from hwcodesign.core.score_map import ScoreMap
from hwcodesign.core.tasks import TASKS, Scored, Task
from hwcodesign.data.dataset import strata
from hwcodesign.dataflow import Dataflow
from hwcodesign.verify.extremes import extreme_frames, random_frames

WHOLE_SET = 500  # of at most so many held-out images the hardware is simulated with all, of more with a sample
SAMPLE = 250
RANDOM_FRAMES = 16  # for a model that comes without images
RANDOM_SEED = 1


@dataclass(frozen=True)
class Images:
    """Frames (N, H, W, C) to run, with labels (N,) and the trained network's integer scores (N, classes) where known.

    `origin` says in words where the frames come from, `numbers` (N,) their places there (None: 0 to N - 1); `pictures`
    what the network was trained to do with them (None: nobody knows).
    """

    frames: np.ndarray
    origin: str
    labels: np.ndarray | None = None
    scores: np.ndarray | None = None
    numbers: np.ndarray | None = None
    pictures: PictureTask | None = None

    @classmethod
    def held_out(cls, path: Path) -> "Images":
        """Images of the exported reference whose scores are known (reference.npz); without labels they are random."""
        with reading(path), np.load(path) as data:
            labels = data.get("labels")
            origin = "random images (untrained network)" if labels is None else "held-out images"
            task = PictureTask.from_text(str(data["task"])) if "task" in data else None
            return cls(data["images"], origin, labels, data["integer_scores"], pictures=task)

    @classmethod
    def random(cls, graph: Dataflow, count: int | None = None, seed: int = RANDOM_SEED) -> "Images":
        """Uniformly random frames that fit the graph's input, RANDOM_FRAMES of them if no `count` is given."""
        return cls(random_frames(graph.input, count or RANDOM_FRAMES, seed), f"random frames, seed {seed}")

    @classmethod
    def extreme(cls, graph: Dataflow, count: int) -> "Images":
        """At most `count` frames at the ends of the range of the graph's input."""
        return cls(extreme_frames(graph.input)[:count], "extreme frames")

    @classmethod
    def joined(cls, first: "Images", second: "Images") -> "Images":
        """One after the other, with their scores."""
        assert first.scores is not None and second.scores is not None
        frames = np.concatenate([first.frames.astype(np.int64), second.frames])
        origin = f"{first.origin} and {second.origin}"
        return cls(frames, origin, None, np.concatenate([first.scores, second.scores]))

    @classmethod
    def from_file(cls, path: Path, graph: Dataflow) -> "Images":
        """Frames of an .npy file. Raises UserError unless they have the graph's shape and range."""
        arrays = read_arrays(path)
        if list(arrays) != [""]:
            raise UserError(f"{path} holds several arrays; give an .npy file with the images alone")
        return cls.checked(arrays[""], graph, str(path))

    @classmethod
    def checked(cls, frames: np.ndarray, graph: Dataflow, origin: str) -> "Images":
        """Frames from elsewhere. Raises UserError unless they have the graph's shape and range."""
        shape, int_type = graph.input.shape, graph.input.type
        if frames.ndim != len(shape) + 1 or frames.shape[1:] != shape or not len(frames):
            raise UserError(
                f"{origin} holds {frames.shape}, but the network takes (images, {', '.join(map(str, shape))})"
            )
        if frames.dtype.kind not in "iu" or frames.min() < int_type.min or frames.max() > int_type.max:
            raise UserError(
                f"{origin} must hold integers from {int_type.min} to {int_type.max} ({int_type}), not {frames.dtype}"
            )
        return cls(frames, origin)

    def to_simulate(self, count: int | None) -> "Images":
        """A stratified sample of `count`; None: all of a small set, or a sample that takes minutes."""
        return self.sample(count or (SAMPLE if len(self.frames) > WHOLE_SET else WHOLE_SET))

    def first(self, count: int | None) -> "Images":
        """The first `count` of them (all if None)."""
        return self._at(np.arange(len(self.frames))[:count])

    def sample(self, count: int) -> "Images":
        """A stratified sample of `count` (all, if there are not more), the same every time, in the order they have.

        Of the images in the order of their classes, every k-th: each class has its share to within one image.
        """
        total = len(self.frames)
        if count >= total:
            return self
        by_class = np.arange(total) if self.labels is None else np.argsort(strata(self.labels), kind="stable")
        return self._at(np.sort(by_class[np.arange(count) * total // count]))

    @property
    def described(self) -> PictureTask:
        """`pictures`; where nobody knows, frames as they are, and classes without names."""
        return self.pictures or PictureTask(Preprocessing(self.frames.shape[1:3], self.frames.shape[3]))

    @property
    def task(self) -> Task:
        """What the network is for."""
        return TASKS[self.described.task]

    def scored(self, scores: np.ndarray, meaning: ScoreMap, chosen: np.ndarray | None = None) -> Scored:
        """These images with what a network gave for them: `scores` (N, scores), and `chosen` as in Scored."""
        return Scored(self.frames, scores, meaning, self.described, self.labels, chosen)

    def figures(self, scores: np.ndarray, meaning: ScoreMap, chosen: np.ndarray | None = None) -> dict[str, float]:
        """How good `scores` of these images are, by the task's keys; {} where that is not known."""
        return self.task.figures(self.scored(scores, meaning, chosen))

    def number(self, index: int) -> int:
        """Where frame `index` stood before any choice was made."""
        return index if self.numbers is None else int(self.numbers[index])

    def _at(self, chosen: np.ndarray) -> "Images":
        labels, scores = (None if part is None else part[chosen] for part in (self.labels, self.scores))
        numbers = np.array([self.number(index) for index in chosen])
        return Images(self.frames[chosen], self.origin, labels, scores, numbers, self.pictures)
