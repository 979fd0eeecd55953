"""What hardware must keep of the plan: its pace, its latency and every layer's utilisation."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from hwcodesign.emit.top_level import emit
from hwcodesign.fpga.board import load_board
from hwcodesign.graph import interpreter
from hwcodesign.plan import Plan, plan
from hwcodesign.simulate.network import Simulated
from hwcodesign.simulate.stream_files import StreamResults
from hwcodesign.simulate.utilisation import Utilisation
from hwcodesign.verify import proofs
from hwcodesign.verify.images import Images
from hwcodesign.verify.proofs import too_slow, verify_hardware
from tests.graphs import tiny_squeezenet


@pytest.fixture(scope="module")
def planned() -> Plan:
    return plan(tiny_squeezenet(), load_board("ulx3s-85f"), frame_rate=10_000)


def measured(planned: Plan, pace: float = 1.0, latency: float = 1.0) -> Simulated:
    results = StreamResults(np.zeros((4, 6)), np.zeros(4), 24, None)
    latency_cycles = round(planned.latency_cycles * latency)
    return Simulated(results, planned.cycles_per_frame * pace, latency_cycles, 1000, 1.0)


def test_what_the_plan_promises_is_kept(planned: Plan) -> None:
    used = [Utilisation("conv1", 10, 0.5, 0.5)]
    assert too_slow(planned, measured(planned), used) is None
    assert too_slow(planned, measured(planned, 1.009, 1.019), [replace(used[0], measured=0.504)]) is None
    assert too_slow(planned, replace(measured(planned), cycles_per_frame=None), []) is None  # too few frames
    few, a_clock = 27 / planned.cycles_per_frame, 0.34 / planned.cycles_per_frame  # one in three frames
    assert too_slow(planned, measured(planned), [Utilisation("sum", 27, few, few + a_clock)]) is None


@pytest.mark.parametrize(
    ("pace", "latency", "share", "said"),
    [
        (1.02, 1.0, 0.5, "cycles per frame, planned"),
        (1.0, 1.03, 0.5, "a latency of"),
        (1.0, 0.97, 0.5, "a latency of"),
        (1.0, 1.0, 0.49, "layer conv1 works 49.0000% of the time, planned 50.0000%"),
        (1.0, 1.0, 0.51, "layer conv1 works 51.0000% of the time, planned 50.0000%"),
    ],
)
def test_what_it_does_not_keep_is_told(planned: Plan, pace: float, latency: float, share: float, said: str) -> None:
    found = too_slow(planned, measured(planned, pace, latency), [Utilisation("conv1", 10, 0.5, share)])
    assert found is not None and said in found


def test_a_changed_file_that_no_image_shows_is_no_proof(
    planned: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The simulator's place is taken by the reference here: hardware that answers everything right."""
    random = Images.random(planned.design, 4)
    images = replace(random, scores=interpreter.run(planned.design, random.frames)[:, :-1])
    emit(planned.design, planned.foldings, planned.storage, tmp_path)
    monkeypatch.setattr(proofs._Bench, "build", lambda self: setattr(self, "simulation", SimpleNamespace(folder=None)))
    monkeypatch.setattr("hwcodesign.simulate.utilisation.measured", lambda plan, folder: [])
    monkeypatch.setattr("hwcodesign.simulate.network.tidy", lambda simulation: None)

    def right(bench: proofs._Bench, regime: object, on_frames: object) -> Simulated:
        return replace(measured(planned), results=StreamResults(bench.expected, np.zeros(8), 24, None))

    monkeypatch.setattr(proofs._Bench, "run", right)
    verified = verify_hardware(planned, tmp_path, images, images, tmp_path, False, lambda done: None)
    assert verified["mismatches"] == 0 and "failure" not in verified
    memory = tmp_path / "memory/conv1.thresholds.columns.hex"
    memory.write_text(memory.read_text().upper().replace("0", "1", 1))
    verified = verify_hardware(planned, tmp_path, images, images, tmp_path, False, lambda done: None)
    assert verified["failure"].startswith("every score is right, but emit/memory/conv1.thresholds.columns.hex is not")
