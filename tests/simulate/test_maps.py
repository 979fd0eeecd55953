"""A network whose every pixel has scores: dilated windows, shuffled and chosen channels, larger maps."""

from pathlib import Path

import numpy as np
import pytest

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
from hwcodesign.simulate.utilisation import probes

NUMBER, WEIGHT = IntType(4, signed=False), IntType(4, signed=True)


def segmenting() -> Dataflow:
    """Two scores for each of 16 x 8 pixels."""
    assembly = Assembly("input", Stream((8, 6, 2), IntType(8, signed=False)))
    window = assembly.sliding_window("wide.window", "input", (3, 2), (1, 1), dilation=(2, 2))
    wide = assembly.mvau("wide", window, 16, out_type=NUMBER, weight_type=WEIGHT, acc_type=IntType(20, signed=True))
    shuffled = assembly.layer(
        "shuffle", "gather", [wide], {"channels": tuple(c % 16 + c // 16 for c in range(0, 32, 2))}
    )
    half = assembly.layer("half", "gather", [shuffled], {"channels": tuple(range(8, 16))})
    larger = assembly.layer("larger", "upsample", [half], {"factors": (2, 1)})
    finer = assembly.layer("finer", "depth_to_space", [larger], {"factors": (2, 2)})
    border = assembly.padding("scores.pad", finer, (1, 1, 1, 1))
    windows = assembly.sliding_window("scores.window", border, (3, 3), (1, 1))
    scores = assembly.mvau("scores", windows, 2, out_type=None, weight_type=WEIGHT, acc_type=IntType(14, signed=True))
    assembly.map_output(scores)
    return randomised(assembly.finish({}), 1)


@pytest.mark.slow
@pytest.mark.parametrize("frame_rate", [20_000, 150_000])
def test_every_score_of_every_pixel_is_exact_at_the_planned_pace(frame_rate: int, tmp_path: Path) -> None:
    board = load_board("ulx3s-85f")
    made = shrunk(plan(segmenting(), board, frame_rate=frame_rate), board)
    emit(made.design, made.foldings, made.storage, tmp_path / "emit")
    frames = np.random.default_rng(1).integers(0, 256, (20, *made.design.input.shape))
    expected = interpreter.run(made.design, frames)
    assert expected.shape == (20, 16 * 8 * 2) and len(np.unique(expected, axis=0)) == len(frames)
    simulation = network.build(tmp_path / "emit", tmp_path / "simulation", binds=probes(made))
    for stalls in ((0.0, 0.0), (0.5, 0.6)):
        regime = Regime("stalls", stalls)
        measured = network.simulate(
            simulation, tmp_path / "emit", frames, made.design.input.type, 100_000, regime=regime
        )
        assert network.compare(measured.results.values, expected) == []
        if not any(stalls):
            assert measured.cycles_per_frame == made.cycles_per_frame
            assert measured.latency_cycles == made.latency_cycles
