"""Whole networks in RTL against the integer reference: exact under every pattern of stalls, and a fault is located."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from hwcodesign import reference, simulate
from hwcodesign.board import load_board
from hwcodesign.divergence import first_divergence
from hwcodesign.emit import emit
from hwcodesign.plan import Plan, plan
from hwcodesign.rtl import identifier
from hwcodesign.simulator import WAVE, Simulation
from tests.graphs import tiny_squeezenet

QUIET_CYCLES = 100_000
FRAMES = 6


@dataclass(frozen=True)
class Built:
    plan: Plan
    emitted: Path
    simulation: Simulation
    frames: np.ndarray
    expected: np.ndarray


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tmp_path_factory.mktemp("tiny"), frame_rate=30_000)


def build(folder: Path, frame_rate: float | Literal["max"]) -> Built:
    made = plan(tiny_squeezenet(), load_board("ulx3s-85f"), frame_rate=frame_rate)
    emit(made.design, made.foldings, made.storage, folder / "emit")
    frames = np.random.default_rng(3).integers(0, 256, (FRAMES, *made.design.input.shape))
    simulation = simulate.build(folder / "emit", folder / "simulation")
    return Built(made, folder / "emit", simulation, frames, reference.run(made.design, frames))


def measured(built: Built, stalls: tuple[int, int]) -> simulate.Measured:
    kind = built.plan.design.input.type
    return simulate.simulate(built.simulation, built.emitted, built.frames, kind, QUIET_CYCLES, stalls=stalls)


def test_the_reference_tells_images_apart(tiny: Built) -> None:
    assert len(np.unique(tiny.expected, axis=0)) == FRAMES


@pytest.mark.parametrize("stalls", [(0, 0), (50, 0), (0, 50), (90, 90), (20, 70), (70, 20)])
def test_every_score_is_exact_whatever_stalls(tiny: Built, stalls: tuple[int, int]) -> None:
    assert simulate.compare(measured(tiny, stalls).results.values, tiny.expected) == []


def test_twenty_stall_patterns_and_no_deadlock(tiny: Built) -> None:
    """Forks, joins and a bypass, both ends stalling at random, from now and then to nearly always."""
    kind, frames = tiny.plan.design.input.type, tiny.frames[:2]
    ends = set()
    for seed in range(1, 21):
        stalls = (seed * 37 % 95, seed * 61 % 95)
        result = simulate.simulate(tiny.simulation, tiny.emitted, frames, kind, QUIET_CYCLES, stalls=stalls, seed=seed)
        assert simulate.compare(result.results.values, tiny.expected[:2]) == []
        ends.add(tuple(result.results.last_cycles))
    assert len(ends) > 10, "the patterns differ, though the slowest layer hides some"


def test_cycles_and_latency_are_the_plans(tiny: Built) -> None:
    result = measured(tiny, (0, 0))
    assert result.cycles_per_frame == tiny.plan.cycles_per_frame
    assert abs(result.latency_cycles - tiny.plan.latency_cycles) <= 0.1 * tiny.plan.latency_cycles


def test_the_fastest_design_reads_a_pixel_a_cycle_and_is_exact(tmp_path: Path) -> None:
    """Whole windows leave the sliding window of every convolution."""
    fastest = build(tmp_path, frame_rate="max")
    windows = [x.name for x in fastest.plan.design.layers if x.name.endswith(("conv1.window", "expand3x3.window"))]
    assert len(windows) == 3 and all(fastest.plan.foldings[name].simd == 9 for name in windows)
    for stalls in ((50, 50), (0, 0)):
        result = measured(fastest, stalls)
        assert simulate.compare(result.results.values, fastest.expected) == []
    assert result.cycles_per_frame == fastest.plan.cycles_per_frame == 10 * 10
    assert abs(result.latency_cycles - fastest.plan.latency_cycles) <= 0.02 * fastest.plan.latency_cycles


def test_compare_finds_the_frames_that_differ(tiny: Built) -> None:
    values = tiny.expected.copy()
    values[4, 2] += 1
    assert simulate.compare(values, tiny.expected) == [4]


def test_a_fault_in_one_memory_is_traced_to_its_layer(tiny: Built, tmp_path: Path) -> None:
    broken = tmp_path / "emit"
    emit(tiny.plan.design, tiny.plan.foldings, tiny.plan.storage, broken)
    image = broken / "memory/fire2_expand3x3.weights.columns.hex"
    image.write_text("\n".join(line[:-1] + format(int(line[-1], 16) ^ 1, "x") for line in image.read_text().split()))
    found = first_divergence(
        broken, tiny.plan.design, tiny.plan.foldings, tiny.frames[:2], tmp_path / "probes", QUIET_CYCLES
    )
    assert found is not None and found.startswith("layer fire2.expand3x3 (mvau) is the first that differs: frame ")


def test_a_design_that_stands_still_is_no_endless_wait(tiny: Built) -> None:
    from hwcodesign.errors import UserError

    with pytest.raises(UserError, match="deadlock"):
        kind = tiny.plan.design.input.type
        simulate.simulate(tiny.simulation, tiny.emitted, tiny.frames[:1], kind, QUIET_CYCLES, stalls=(0, 100))


def test_a_wave_holds_every_layers_signals(tiny: Built, tmp_path: Path) -> None:
    simulation = simulate.build(tiny.emitted, tmp_path, wave=True)
    kind = tiny.plan.design.input.type
    simulate.simulate(simulation, tiny.emitted, tiny.frames[:1], kind, QUIET_CYCLES)
    simulate.tidy(simulation)
    wave = (tmp_path / WAVE).read_bytes()
    for layer in tiny.plan.design.layers:
        assert f"u_{identifier(layer.name)}".encode() in wave  # names are stored as they are
    assert not list(tmp_path.glob("Vtop*"))
