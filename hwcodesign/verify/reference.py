"""The scores that a run's hardware must give, and where they come from: the trained network, or the file itself.

A recipe's held-out images have the scores of its export. Every other frame (somebody's model has no others) has those
that the ONNX file means, worked out on the file itself (original.py).
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hwcodesign.core.run_folder import RunFolder
from hwcodesign.dataflow import Dataflow
from hwcodesign.plan import Plan
from hwcodesign.verify import extremes
from hwcodesign.verify.images import RANDOM_FRAMES, Images
from hwcodesign.verify.original import OriginalFile
from hwcodesign.verify.proofs import verify_integers

CHOSEN = RANDOM_FRAMES + extremes.COUNT  # frames on which a lowered graph is compared with its file
_LEAST_EXTREMES = 3  # with one image, enough frames to measure the pace
_EXTREME_CYCLES = 4_000_000  # about how many cycles they are worth
FRAMES = "reference.npz"  # in the folder of lower: frames of our own choice, with the scores of the file
FILE = "original.onnx"  # there, too, for somebody's model: the file as it was, with the data that lay beside it


def file_of(run: RunFolder) -> Path:
    """The ONNX file that the run was lowered from."""
    kept = run.stage("lower") / FILE
    return kept if kept.exists() else run.stage("export") / "model.onnx"


def frames_of(run: RunFolder) -> Images:
    """The frames on which the lowered graph was compared with the file."""
    with np.load(run.stage("lower") / FRAMES) as data:
        return Images(data["images"], str(data["origin"]), None, data["integer_scores"])


def scored(images: Images, model: Path, graph: Dataflow) -> Images:
    """The images with the scores that the ONNX file `model` means, in the integers of its lowered `graph`."""
    return replace(images, scores=_file(model, graph).scores(images.frames))


def compare_with_file(
    model: Path, graph: Dataflow, folder: Path, keep: bool, on_frames: Callable[[int], None] = lambda done: None
) -> dict[str, Any]:
    """Compare the lowered `graph` with the ONNX file `model` on random and on extreme frames; leave FRAMES in `folder`.

    `keep`: the file is somebody else's, so that a copy of it stays in `folder`, and QONNX's float32 executor is asked
    how often it rounds otherwise. Returns images, mismatches, the first difference in words, and `float32_differs`.
    """
    from hwcodesign.core.onnx_file import load_model
    from hwcodesign.lower.execute import QonnxFile

    file, chosen = _file(model, graph), _chosen(graph)
    images = replace(chosen, scores=file.scores(chosen.frames, on_frames))
    assert images.scores is not None
    np.savez_compressed(folder / FRAMES, images=images.frames, origin=images.origin, integer_scores=images.scores)
    summary = verify_integers(graph, images, file.levels)
    if keep:
        (folder / FILE).write_bytes(load_model(model).SerializeToString())
        others = QonnxFile(model, graph.contract["input_scale"], graph.score_map, at_once=1).scores(images.frames)
        summary["float32_differs"] = int((others != images.scores).any(axis=1).sum())
    return {**summary, "origin": images.origin}


def extremes_for(plan: Plan) -> Images:
    """The extreme frames that the hardware is simulated with: of a large network not all, since each takes seconds."""
    count = max(_LEAST_EXTREMES, _EXTREME_CYCLES // plan.cycles_per_frame)
    return Images.extreme(plan.design, count)


def _file(model: Path, graph: Dataflow) -> OriginalFile:
    return OriginalFile(model, graph.contract["input_scale"], graph.score_map)


def _chosen(graph: Dataflow) -> Images:
    random = Images.random(graph)
    extreme = extremes.extreme_frames(graph.input)
    return Images(np.concatenate([random.frames, extreme]), f"{random.origin}, and {len(extreme)} extreme ones")
