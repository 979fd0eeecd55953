"""The ladder of a run: the same images through every form that the network takes, from training to RTL.

Each rung is compared, image by image and score by score, with the reference: the exported weights in exact arithmetic
(export/reference.npz); for somebody's model what its file means, worked out on the file itself (lower/reference.npz).
Rungs that compute in float32 may put an activation that lies on a rounding boundary on its other side; that is counted.
The file in float64, what it was lowered to, the integer graph and the RTL must not differ at all.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from hwcodesign.core import packages
from hwcodesign.core.errors import UserError, VerificationError
from hwcodesign.core.progress import frames_bar
from hwcodesign.core.run_folder import RunFolder, Stage, Summary
from hwcodesign.core.score_map import INTEGERS, ScoreMap
from hwcodesign.dataflow import Dataflow
from hwcodesign.graph import interpreter
from hwcodesign.verify.chain import proven_by, require_chain
from hwcodesign.verify.divergence import first_level, levels_of
from hwcodesign.verify.images import Images
from hwcodesign.verify.original import OriginalFile
from hwcodesign.verify.reference import FRAMES, file_of, frames_of

FINN_IMAGES = 8  # FINN's own execution takes seconds for each
EXACT_IMAGES = 64  # the file in float64 takes up to a second for each
_BATCH = 128
FOLDER = "verify"
FLOAT_CHECKPOINT = "train/float.pt"  # what quantization started from

OnFrames = Callable[[int], None]


@dataclass(frozen=True)
class LadderRung:
    """One row. `other_scores` and `other_class` count the images that differ from the reference.

    `figures` say how good it is, by the keys of the recipe's task; `other_class` is None where its scores name nothing.

    `missing` says which command would make what the rung needs; the figures are then None. `failure`: how hardware
    failed its proof, be it without a wrong score.
    """

    name: str
    arithmetic: str
    images: int = 0
    figures: Mapping[str, float] = field(default_factory=dict)
    other_scores: int | None = None
    other_class: int | None = None
    first_divergence: str | None = None
    missing: str | None = None
    failure: str | None = None

    @property
    def document(self) -> dict[str, Any]:
        """For JSON: the figures beside all else."""
        return {key: value for key, value in asdict(self).items() if key != "figures"} | dict(self.figures)


class Form(Protocol):
    """One form of the network."""

    def scores(self, frames: np.ndarray, on_frames: OnFrames) -> np.ndarray:
        """Scores (frames, classes), integers in the steps of the reference, of `frames` (frames, H, W, C)."""
        ...

    def levels(self, frame: np.ndarray) -> Mapping[str, np.ndarray]:
        """For one frame (H, W, C), what quantizers give as integers (H, W, C), by the layer that each belongs to."""
        ...


@dataclass(frozen=True)
class _Step:
    """How a rung is computed: by `load` from the folders of the stages in `needs`; on at most `most` images.

    `classes_only`: a network of other weights, whose classes alone can be compared. `package`: who computes it, if that
    need not be installed.
    """

    name: str
    arithmetic: str
    needs: tuple[str, ...]
    load: Callable[[RunFolder], Form]
    must_equal: bool = False
    classes_only: bool = False
    most: int | None = None
    package: str = ""


class IntegerGraph:
    """Our integer reference over the lowered graph."""

    def __init__(self, graph: Dataflow) -> None:
        self.graph = graph

    def scores(self, frames: np.ndarray, on_frames: OnFrames = lambda done: None) -> np.ndarray:
        values = interpreter.run(self.graph, frames, on_frames=on_frames)
        return values[:, : self.graph.score_count]

    def levels(self, frame: np.ndarray) -> Mapping[str, np.ndarray]:
        return levels_of(self.graph, frame)


def climb(run: RunFolder, count: int | None = None) -> list[LadderRung]:
    """All rungs of the ladder, from what the run folder holds; each is kept in `verify/` until its inputs change.

    `count` bounds the images (a stratified sample; None: all). Writes verify/ladder.json. Raises UserError for a folder
    in which nothing has been exported or lowered, VerificationError if a stage's graph is not the one before it.
    """
    require_chain(run)
    images = _images(run, count)
    foreign = file_of(run).parent == run.stage("lower")  # somebody's model: nothing of its training is here
    rungs = [_rung(run, step, images, count) for step in _STEPS if not (foreign and "train" in step.needs)]
    rungs.append(_rtl(run, images))
    document = {"origin": images.origin, "images": len(images.frames), "rungs": [rung.document for rung in rungs]}
    document["of"] = proven_by(run)
    (run.path / FOLDER).mkdir(exist_ok=True)
    (run.path / FOLDER / "ladder.json").write_text(json.dumps(document, indent=1) + "\n")
    return rungs


def require_equal(rungs: list[LadderRung]) -> None:
    """Raises VerificationError at the first of the rungs that must equal the reference and does not."""
    exact = {step.name for step in _STEPS if step.must_equal} | {_RTL.name}
    for rung in rungs:
        if rung.failure:
            raise VerificationError(f"{rung.name}: {rung.failure}")
        if rung.name in exact and rung.other_scores:
            where = rung.first_divergence or "no layer differs when looked at alone"
            raise VerificationError(f"{rung.name}: {rung.other_scores} of {rung.images} images differ\n{where}")


def _images(run: RunFolder, count: int | None) -> Images:
    path = run.stage("export") / "reference.npz"
    if path.exists():
        images = Images.held_out(path)
    elif run.finished("lower"):
        images = frames_of(run)
    else:
        raise UserError(f"{run.path}: there is no network yet: hwcodesign run {_recipe(run)} --to lower")
    return images if count is None else images.sample(count)


def _rung(run: RunFolder, step: _Step, images: Images, count: int | None) -> LadderRung:
    for needed in step.needs:
        if not run.finished(needed) and not (needed == "export" and file_of(run).exists()):
            return LadderRung(step.name, step.arithmetic, missing=_command(run, needed))
    if step.package and not packages.installed(step.package):
        brings = f"pip install 'hwcodesign[{packages.EXTRAS[step.package]}]'"
        return LadderRung(step.name, step.arithmetic, missing=brings)
    if step is _FLOAT and not (run.path / FLOAT_CHECKPOINT).exists():
        return LadderRung(step.name, step.arithmetic, missing="a recipe with train.float_epochs")
    chosen = images.sample(step.most) if step.most else images

    def work(folder: Path) -> Summary:
        network = step.load(run)
        with frames_bar(step.name, len(chosen.frames)) as on_frames:
            scores = network.scores(chosen.frames, on_frames)
        np.save(folder / "scores.npy", scores)
        return asdict(_compared(run, step, network, chosen, scores))

    folders = [folder for stage in step.needs if (folder := run.stage(stage)).exists()]
    inputs = (*folders, *_given(run.stage("export") / "reference.npz"))
    if run.finished("lower") and not run.finished("export"):
        inputs = (*inputs, file_of(run), run.stage("lower") / FRAMES)
    stage = Stage(step.name.lower(), inputs, [count, step.most], work)
    kept = RunFolder(run.path / FOLDER)
    summary = dict(kept.summary(stage.name) if kept.is_current(stage) else kept.execute(stage))
    del summary["seconds"]
    return LadderRung(**summary)


def _compared(run: RunFolder, step: _Step, network: Form, images: Images, scores: np.ndarray) -> LadderRung:
    assert images.scores is not None
    meaning = _ends(run)[1]
    # A float network's scores are real already.
    given = replace(INTEGERS, shape=meaning.shape) if step.classes_only else meaning
    decided, wanted = images.task.decided(scores, given), images.task.decided(images.scores, meaning)
    rung = LadderRung(
        step.name,
        step.arithmetic,
        images=len(scores),
        figures=images.figures(scores, given),
        other_class=None if decided is None or wanted is None else int((decided != wanted).sum()),
    )
    if step.classes_only:
        return rung
    wrong = np.flatnonzero((scores != images.scores).any(axis=1))
    first = _first_divergence(run, network, images, scores, int(wrong[0])) if len(wrong) else None
    return replace(rung, other_scores=len(wrong), first_divergence=first)


def _first_divergence(run: RunFolder, network: Form, images: Images, scores: np.ndarray, first: int) -> str:
    """Of the first image that differs, the first layer, pixel and channel; a score if no layer is known to differ."""
    assert images.scores is not None
    image = f"image {images.number(first)}"
    if run.finished("lower"):
        expected = levels_of(Dataflow.load(run.stage("lower")), images.frames[first])
        if where := first_level(network.levels(images.frames[first]), expected):
            return f"{image}: {where}"
    klass = int(np.flatnonzero(scores[first] != images.scores[first])[0])
    return f"{image}: score of class {klass}: {scores[first, klass]}, reference {images.scores[first, klass]}"


def _rtl(run: RunFolder, images: Images) -> LadderRung:
    """What the stage simulate found; it compares with the same reference."""
    finished = all(run.finished(stage) for stage in ("lower", "emit", "simulate"))
    # A simulation may be of a network before this one.
    if not finished or run.summary("simulate").get("proves") != proven_by(run):
        return replace(_RTL, missing=_command(run, "simulate"))
    found, task = run.summary("simulate"), images.task
    decides = images.scores is not None and task.decided(images.scores[:1], INTEGERS) is not None
    return replace(
        _RTL,
        images=found["images"],
        figures={metric.key: found[metric.key] for metric in task.test if metric.key in found},
        other_scores=found["mismatches"],
        other_class=None if found["mismatches"] or not decides else 0,
        first_divergence=found.get("first_difference"),
        failure=found.get("failure"),
    )


def _float(run: RunFolder) -> Form:
    from hwcodesign.export.checkpoint_network import TrainedNetwork

    return TrainedNetwork(run.path / FLOAT_CHECKPOINT, quantized=False)


def _qat(run: RunFolder) -> Form:
    from hwcodesign.export.checkpoint_network import TrainedNetwork

    return TrainedNetwork(run.stage("train") / "best.pt")


def _qonnx(run: RunFolder) -> Form:
    from hwcodesign.lower.execute import QonnxFile

    at_once = _BATCH if run.finished("export") else 1  # what we export takes batches; of other files nobody knows
    return QonnxFile(file_of(run), *_ends(run), at_once)


def _exact(run: RunFolder) -> Form:
    return OriginalFile(file_of(run), *_ends(run))


def _ends(run: RunFolder) -> tuple[float, ScoreMap]:
    """What the integers that enter and leave stand for."""
    if run.finished("lower"):
        graph = Dataflow.load(run.stage("lower"))
        return graph.contract["input_scale"], graph.score_map
    exported = json.loads((run.stage("export") / "reference.json").read_text())
    return 1.0, ScoreMap.of_reference(exported["contract"])


def _finn(run: RunFolder) -> Form:
    from hwcodesign.lower.execute import FinnGraph

    return FinnGraph(run.stage("lower") / "lowered.onnx")


def _integer(run: RunFolder) -> Form:
    return IntegerGraph(Dataflow.load(run.stage("lower")))


def _command(run: RunFolder, stage: str) -> str:
    """What makes the results of `stage`, and of those before it."""
    if file_of(run).parent == run.stage("lower"):
        return f"hwcodesign run --model {run.path.name}.onnx --board NAME --to {stage}"
    return (
        f"hwcodesign run {_recipe(run)} --from lower" if stage == "simulate" else f"hwcodesign {stage} {_recipe(run)}"
    )


def _recipe(run: RunFolder) -> str:
    name = run.path.name
    return f"{name.removesuffix('-untrained')} --untrained" if name.endswith("-untrained") else name


def _given(path: Path) -> tuple[Path, ...]:
    return (path,) if path.exists() else ()


_FLOAT = _Step("float", "PyTorch, float32", ("train", "export"), _float, classes_only=True)
_STEPS = (
    _FLOAT,
    _Step("QAT", "Brevitas, float32", ("train", "export"), _qat),
    _Step("QONNX", "its own executor, float32", ("export",), _qonnx),
    _Step("file", "ONNX and QONNX, float64", ("export",), _exact, must_equal=True, most=EXACT_IMAGES),
    _Step("lowered", "FINN's own execution", ("lower",), _finn, must_equal=True, most=FINN_IMAGES, package="finn"),
    _Step("integer", "our integer graph", ("lower",), _integer, must_equal=True),
)
_RTL = LadderRung("RTL", "Verilator")
