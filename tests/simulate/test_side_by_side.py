"""Frames dealt out to several processes of a simulation: every result, in order."""

from pathlib import Path

import numpy as np
import pytest

from hwcodesign.emit.top_level import emit
from hwcodesign.fpga.board import load_board
from hwcodesign.graph import interpreter
from hwcodesign.plan import plan
from hwcodesign.simulate import network, side_by_side
from hwcodesign.simulate.side_by_side import shares
from tests.graphs import tiny_squeezenet


def test_shares_are_even_and_only_where_there_is_work() -> None:
    assert shares(13, 3_000_000, 4) == [slice(0, 4), slice(4, 8), slice(8, 13)]  # three have enough to measure the pace
    assert shares(13, 3_000_000, 1) == [slice(0, 13)]
    assert shares(367, 4_608, 8) == [slice(0, 367)]
    assert [len(range(100)[part]) for part in shares(100, 1_000_000, 8)] == [12, 13] * 4


def test_results_are_those_of_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = plan(tiny_squeezenet(), load_board("ulx3s-85f"), frame_rate=30_000)
    emit(made.design, made.foldings, made.storage, tmp_path / "emit")
    simulation = network.build(tmp_path / "emit", tmp_path / "simulation")
    frames = np.random.default_rng(1).integers(0, 256, (9, *made.design.input.shape))
    monkeypatch.setattr(side_by_side, "_WORTH_CYCLES", 1)
    monkeypatch.setattr(side_by_side.os, "sched_getaffinity", lambda process: {0, 1})
    told: list[int] = []
    found = side_by_side.simulate(
        simulation, tmp_path / "emit", frames, made.design.input.type, 20_000, made.cycles_per_frame, told.append
    )
    assert np.array_equal(found.results.values, interpreter.run(made.design, frames))
    assert (simulation.folder / "share1" / "result.json").exists()
    assert found.cycles_per_frame is not None and found.results.beats == found.results.values.size
