"""The one question of these tests: are our integers what the file means, in every score of every frame?"""

from pathlib import Path

import numpy as np

from hwcodesign.dataflow import Dataflow
from hwcodesign.graph import interpreter
from hwcodesign.verify.original import OriginalFile
from tests.lower import float64


def require_equal(path: Path, graph: Dataflow, pixels: tuple[int, ...], distinct: int = 50) -> None:
    """100 random frames through the file, in float64, and through our graph; the class is that of the real scores.

    `pixels` is the shape of the file's input; at least `distinct` frames must give scores of their own.
    """
    count = graph.layers[-1].input.channels
    frames = np.random.default_rng(0).integers(0, 256, (100, *graph.input.shape))
    real = frames.transpose(0, 3, 1, 2).reshape(100, *pixels) * graph.contract["input_scale"]
    scores = float64.evaluate(str(path), real)
    meant = graph.score_map
    dead = np.array(meant.scale) == 0
    integers = (scores - np.array(meant.bias)) / np.where(dead, 1.0, meant.scale)
    assert np.abs(integers - np.rint(integers)).max() < 1e-6  # they are integers, but for float64's last digits
    found = interpreter.run(graph, frames)
    assert np.array_equal(np.where(dead, 0, found[:, :count]), np.where(dead, 0, np.rint(integers)))
    assert len(np.unique(found[:, :count], axis=0)) > distinct
    if count > 1:
        assert np.array_equal(found[:, -1], meant.classes(found[:, :count]))


def require_as_verified(path: Path, graph: Dataflow, count: int = 20) -> np.ndarray:
    """`count` random frames through the file as `verify` has it run (verify/original.py), and through our graph.

    Returns their scores (count, scores).
    """
    frames = np.random.default_rng(0).integers(0, 256, (count, *graph.input.shape))
    found = interpreter.run(graph, frames)[:, : graph.score_count]
    assert np.array_equal(found, OriginalFile(path, 1.0, graph.score_map).scores(frames))
    return found
