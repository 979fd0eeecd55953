"""The two proofs of a run: integer graph against the trained network, and hardware against the integer graph.

Both compare every score of every image, exactly.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import RunFolder, digest
from hwcodesign.dataflow import Dataflow
from hwcodesign.graph import interpreter
from hwcodesign.plan import Plan
from hwcodesign.simulate import network, utilisation
from hwcodesign.verify.divergence import first_divergence

WHOLE_SET = 500  # of at most so many held-out images the hardware is simulated with all, of more with a sample
SAMPLE = 250
RANDOM_FRAMES = 16  # simulated for a model that comes without images
RANDOM_SEED = 1
_QUIET_FRAMES = 4  # no beat at either end for so many latencies and frames is a deadlock


@dataclass(frozen=True)
class Images:
    """Frames (N, H, W, C) to run, with labels (N,) and the trained network's integer scores (N, classes) where known.

    `origin` says in words where the frames come from, `numbers` (N,) their places there (None: 0 to N - 1).
    """

    frames: np.ndarray
    origin: str
    labels: np.ndarray | None = None
    scores: np.ndarray | None = None
    numbers: np.ndarray | None = None

    @classmethod
    def held_out(cls, path: Path) -> "Images":
        """The images that the exported reference was measured on (interpreter.npz); without labels they are random."""
        with np.load(path) as data:
            labels = data.get("labels")
            origin = "random images (untrained network)" if labels is None else "held-out images"
            return cls(data["images"], origin, labels, data["integer_scores"])

    @classmethod
    def random(cls, graph: Dataflow, count: int | None = None, seed: int = RANDOM_SEED) -> "Images":
        """Uniformly random frames that fit the graph's input, RANDOM_FRAMES of them if no `count` is given."""
        kind = graph.input.type
        frames = np.random.default_rng(seed).integers(
            kind.min, kind.max + 1, (count or RANDOM_FRAMES, *graph.input.shape)
        )
        return cls(frames, f"random frames, seed {seed}")

    @classmethod
    def from_file(cls, path: Path, graph: Dataflow) -> "Images":
        """Frames of an .npy file. Raises UserError unless they have the graph's shape and range."""
        try:
            frames = np.load(path)
        except (OSError, ValueError, EOFError) as error:
            raise UserError(f"{path} is not an .npy file of images: {error}") from None
        if not isinstance(frames, np.ndarray):
            raise UserError(f"{path} holds several arrays; give an .npy file with the images alone")
        shape, kind = graph.input.shape, graph.input.type
        if frames.ndim != len(shape) + 1 or frames.shape[1:] != shape or not len(frames):
            raise UserError(
                f"{path} holds {frames.shape}, but the network takes (images, {', '.join(map(str, shape))})"
            )
        if frames.dtype.kind not in "iu" or frames.min() < kind.min or frames.max() > kind.max:
            raise UserError(f"{path} must hold integers from {kind.min} to {kind.max} ({kind}), not {frames.dtype}")
        return cls(frames, str(path))

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
        by_class = np.arange(total) if self.labels is None else np.argsort(self.labels, kind="stable")
        return self._at(np.sort(by_class[np.arange(count) * total // count]))

    def number(self, index: int) -> int:
        """Where frame `index` stood before any choice was made."""
        return index if self.numbers is None else int(self.numbers[index])

    def _at(self, chosen: np.ndarray) -> "Images":
        labels, scores = (None if part is None else part[chosen] for part in (self.labels, self.scores))
        numbers = np.array([self.number(index) for index in chosen])
        return Images(self.frames[chosen], self.origin, labels, scores, numbers)


def verify_integers(
    graph: Dataflow, images: Images, on_frames: Callable[[int], None] = lambda done: None
) -> dict[str, Any]:
    """Compare the integer graph's scores with those of the trained network, which are integers too."""
    assert images.scores is not None
    values = interpreter.run(graph, images.frames, on_frames=on_frames)
    wrong = (values[:, : images.scores.shape[1]] != images.scores).any(axis=1)
    return {"images": len(values), "mismatches": int(wrong.sum()), **_accuracy(graph, values, images)}


def verify_hardware(
    plan: Plan,
    emitted: Path,
    images: Images,
    folder: Path,
    wave: bool,
    on_frames: Callable[[int], None],
) -> dict[str, Any]:
    """Simulate `images` through the emitted design and compare with the integer graph.

    Returns what report.json says of it: images, mismatches, accuracy, cycles and every layer's utilisation beside the
    plan's, and for a mismatch the first layer, pixel and channel that differ.
    """
    expected = interpreter.run(plan.design, images.frames)
    quiet_cycles = _QUIET_FRAMES * (plan.cycles_per_frame + plan.latency_cycles) + 1000
    cycles = len(images.frames) * plan.cycles_per_frame
    start = time.monotonic()
    simulation = network.build(emitted, folder / "simulation", wave, cycles=cycles, binds=utilisation.probes(plan))
    build_seconds = time.monotonic() - start
    measured = network.simulate(simulation, emitted, images.frames, plan.design.input.type, quiet_cycles, on_frames)
    used = utilisation.measured(plan, simulation.folder)
    network.tidy(simulation)
    wrong = network.compare(measured.results.values, expected)
    summary = {
        "images": len(images.frames),
        "origin": images.origin,
        "mismatches": len(wrong),
        **_accuracy(plan.design, measured.results.values, images),
        "cycles_per_frame": measured.cycles_per_frame,
        "cycles_bound": plan.cycles_per_frame,
        "latency_cycles": measured.latency_cycles,
        "latency_predicted": plan.latency_cycles,
        "build_seconds": round(build_seconds, 3),
        "cycles": measured.cycles,
        "cycles_per_second": round(measured.cycles_per_second),
        "utilisation": [asdict(layer) for layer in used],
    }
    if wrong:
        frames = images.frames[: wrong[0] + 1]
        summary["first_difference"] = first_divergence(
            emitted, plan.design, plan.foldings, frames, folder / "probes", quiet_cycles
        )
    return summary


def proven_by(run: RunFolder) -> str:
    """What a simulation proves something of: the lowered graph and the RTL that there is now."""
    return digest([run.stage("lower"), run.stage("emit")])


def _accuracy(graph: Dataflow, values: np.ndarray, images: Images) -> dict[str, float]:
    """Top-1 of the class that the hardware itself selects: the beat after the scores. One score: the host selects."""
    if images.labels is None or images.scores is None:
        return {}
    count = images.scores.shape[1]
    classes = values[:, count] if count > 1 else graph.score_map.classes(values[:, :1])
    return {"top1": float((classes == images.labels).mean())}
