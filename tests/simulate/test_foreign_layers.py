"""The layers that only networks from elsewhere have, in one network: padded pools, unlike summands, score maps."""

from pathlib import Path

import numpy as np

from hwcodesign.core.score_map import ScoreMap
from hwcodesign.dataflow import Dataflow, IntType, Stream
from hwcodesign.emit.top_level import emit
from hwcodesign.fpga.board import load_board
from hwcodesign.graph import interpreter
from hwcodesign.graph.builder import Assembly
from hwcodesign.graph.random_tensors import randomised
from hwcodesign.plan import plan
from hwcodesign.plan.buffer_sizing import shrunk
from hwcodesign.simulate import network
from hwcodesign.simulate.regimes import Regime

CLASSES = 6
MEANING = ScoreMap.of(np.array([0.02, 0.01, 0.02, 0.02, 0.018, 0.02]), np.array([0.3, 1.7, -1, 2, 0, 0.4]))


def foreign() -> Dataflow:
    """Two quantizers on one input; a padded max pool and a local average of them, summed with factors; scores."""
    assembly = Assembly("input", Stream((8, 8, 2), IntType(8, signed=False)))
    signed = assembly.thresholding("signed", "input", IntType(4, signed=True))
    unsigned = assembly.thresholding("unsigned", "input", IntType(3, signed=False))
    padded = assembly.padding("maxpool.pad", signed, (1, 1, 1, 1), value=-8)
    maximum = assembly.max_pool("maxpool", assembly.sliding_window("max.window", padded, (3, 3), (2, 2), True), 9)
    mean = assembly.sum_pool("avgpool", assembly.sliding_window("avg.window", unsigned, (2, 2), (2, 2), True), 4)
    skipped = assembly.max_pool("skip", assembly.sliding_window("skip.window", signed, (1, 1), (2, 2), True), 1)
    total = assembly.weighted_sum("sum", [maximum, mean, skipped], [3, 1, -2])
    window = assembly.sliding_window("fc.window", total, (4, 4), (1, 1))
    scores = assembly.mvau(
        "fc", window, CLASSES, out_type=None, weight_type=IntType(4, True), acc_type=IntType(16, True)
    )
    assembly.label_select(scores, 2, MEANING)
    return randomised(assembly.finish({}), 1)


def test_every_score_and_class_is_exact(tmp_path: Path) -> None:
    board = load_board("ulx3s-85f")
    made = shrunk(plan(foreign(), board, frame_rate=50_000), board)
    emit(made.design, made.foldings, made.storage, tmp_path / "emit")
    frames = np.random.default_rng(1).integers(0, 256, (8, *made.design.input.shape))
    expected = interpreter.run(made.design, frames)
    assert (expected[:, CLASSES] == MEANING.classes(expected[:, :CLASSES])).all()
    assert (expected[:, CLASSES] != expected[:, :CLASSES].argmax(axis=1)).any(), "the map decides"
    assert len(np.unique(expected, axis=0)) == len(frames)
    simulation = network.build(tmp_path / "emit", tmp_path / "simulation")
    for stalls in ((0.0, 0.0), (0.5, 0.6)):
        measured = network.simulate(
            simulation,
            tmp_path / "emit",
            frames,
            made.design.input.type,
            100_000,
            regime=Regime("stalls", stalls),
        )
        assert network.compare(measured.results.values, expected) == []
