"""Whole networks in RTL against the integer reference: exact under every pattern of stalls, and a fault is located."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from hwcodesign.core.interface import Interface
from hwcodesign.emit.identifiers import identifiers
from hwcodesign.emit.top_level import emit
from hwcodesign.fpga.board import load_board
from hwcodesign.graph import interpreter
from hwcodesign.plan import Plan, plan
from hwcodesign.plan.buffer_sizing import shrunk, with_sizes
from hwcodesign.plan.cycle_model import Tokens
from hwcodesign.simulate import network, utilisation
from hwcodesign.simulate.regimes import FREE, Phase, Regime, regimes
from hwcodesign.simulate.simulator import WAVE, Simulation
from hwcodesign.verify.divergence import first_divergence
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
    """With the smallest buffers: what holds for them holds for all."""
    board = load_board("ulx3s-85f")
    return built(folder, shrunk(plan(tiny_squeezenet(), board, frame_rate=frame_rate), board))


def built(folder: Path, made: Plan) -> Built:
    emit(made.design, made.foldings, made.storage, folder / "emit")
    frames = np.random.default_rng(3).integers(0, 256, (FRAMES, *made.design.input.shape))
    simulation = network.build(folder / "emit", folder / "simulation", binds=utilisation.probes(made))
    return Built(made, folder / "emit", simulation, frames, interpreter.run(made.design, frames))


def measured(built: Built, stalls: tuple[int, int]) -> network.Simulated:
    return run(built, Regime("stalls", (stalls[0] / 100, stalls[1] / 100)))


def run(built: Built, regime: Regime, frames: int = FRAMES) -> network.Simulated:
    kind = built.plan.design.input.type
    return network.simulate(built.simulation, built.emitted, built.frames[:frames], kind, QUIET_CYCLES, regime=regime)


def test_the_reference_tells_images_apart(tiny: Built) -> None:
    assert len(np.unique(tiny.expected, axis=0)) == FRAMES


@pytest.mark.parametrize("stalls", [(0, 0), (50, 0), (0, 50), (90, 90), (20, 70), (70, 20)])
def test_every_score_is_exact_whatever_stalls(tiny: Built, stalls: tuple[int, int]) -> None:
    assert network.compare(measured(tiny, stalls).results.values, tiny.expected) == []


def test_twenty_stall_patterns_and_no_deadlock(tiny: Built) -> None:
    """Forks, joins and a bypass, both ends stalling at random, from now and then to nearly always."""
    ends = set()
    for seed in range(1, 21):
        result = run(tiny, Regime("stalls", (seed * 37 % 95 / 100, seed * 61 % 95 / 100), seed=seed), frames=2)
        assert network.compare(result.results.values, tiny.expected[:2]) == []
        ends.add(tuple(result.results.last_cycles))
    assert len(ends) > 10, "the patterns differ, though the slowest layer hides some"


def test_clocks_latency_and_utilisation_are_the_plans(tiny: Built) -> None:
    every_clock_is_the_plans(tiny, measured(tiny, (0, 0)))


def every_clock_is_the_plans(built: Built, result: network.Simulated) -> None:
    """Exactly: the clock in which every frame ends, and the share of the time that every layer works."""
    assert result.cycles_per_frame == built.plan.cycles_per_frame
    assert result.latency_cycles == built.plan.latency_cycles
    run = Tokens(built.plan.design, built.plan.foldings).run({}, FRAMES)
    assert np.diff(result.results.last_cycles).tolist() == np.diff(run.ends).tolist()
    layers = utilisation.measured(built.plan, built.simulation.folder)
    assert len(layers) > 20 and max(layer.planned for layer in layers) == 1
    assert [layer.measured for layer in layers] == [layer.planned for layer in layers]


@pytest.mark.parametrize("fork", ["fire2.concat.fork.to.fire3.add.fifo", "fire2.squeeze.fork.to.fire2.expand1x1.fifo"])
def test_with_a_fifo_one_shallower_the_hardware_slows_or_stops(tiny: Built, tmp_path: Path, fork: str) -> None:
    """The depths are not merely generous. A bypass stops; a FIFO beside a window only slows the design down."""
    depth = tiny.plan.fifo_depths[fork]
    assert depth > 10
    shallower = built(tmp_path, replace(tiny.plan, design=with_sizes(tiny.plan.design, {fork: depth - 1})))
    try:
        result = measured(shallower, (0, 0))
    except network.HardwareError as error:
        assert error.deadlock
        found = first_divergence(shallower.emitted, shallower.plan, tiny.frames, tmp_path / "probes", QUIET_CYCLES)
        assert found is not None and "waits for the stream" in found and "fire3.add" in found
    else:
        assert result.cycles_per_frame is not None and result.cycles_per_frame > tiny.plan.cycles_per_frame


def test_the_fastest_design_reads_a_pixel_a_cycle_and_is_exact(tmp_path: Path) -> None:
    """Whole windows leave the sliding window of every convolution."""
    fastest = build(tmp_path, frame_rate="max")
    windows = [x.name for x in fastest.plan.design.layers if x.name.endswith(("conv1.window", "expand3x3.window"))]
    assert len(windows) == 3 and all(fastest.plan.foldings[name].simd == 9 for name in windows)
    for stalls in ((50, 50), (0, 0)):
        result = measured(fastest, stalls)
        assert network.compare(result.results.values, fastest.expected) == []
    assert fastest.plan.cycles_per_frame == 10 * 10
    every_clock_is_the_plans(fastest, result)


def test_compare_finds_the_frames_that_differ(tiny: Built) -> None:
    values = tiny.expected.copy()
    values[4, 2] += 1
    assert network.compare(values, tiny.expected) == [4]


def test_a_fault_in_one_memory_is_traced_to_its_layer(tiny: Built, tmp_path: Path) -> None:
    broken = tmp_path / "emit"
    emit(tiny.plan.design, tiny.plan.foldings, tiny.plan.storage, broken)
    image = broken / "memory/fire2_expand3x3.weights.columns.hex"
    image.write_text("\n".join(line[:-1] + format(int(line[-1], 16) ^ 1, "x") for line in image.read_text().split()))
    found = first_divergence(broken, tiny.plan, tiny.frames[:2], tmp_path / "probes", QUIET_CYCLES)
    assert found is not None and found.startswith("layer fire2.expand3x3 (mvau) is the first that differs: frame ")


def test_a_design_that_stands_still_is_no_endless_wait(tiny: Built) -> None:
    with pytest.raises(network.HardwareError, match=r"deadlock: no beat moves after .* beats in and 0 out"):
        run(tiny, Regime("a sink that takes nothing", (0, 1)), frames=1)


def test_every_regime_of_the_proof_is_passed(tiny: Built) -> None:
    found = regimes(Interface.load(tiny.emitted), tiny.plan.cycles_per_frame, tiny.plan.latency_cycles)
    assert found[0] == FREE and len(found) == 4 and len(found[-1].resets) == 5
    for regime in found:
        assert network.compare(run(tiny, regime).results.values, tiny.expected) == []


def test_the_output_is_held_until_the_design_is_full(tiny: Built) -> None:
    hold = tiny.plan.latency_cycles + 2 * tiny.plan.cycles_per_frame
    result = run(tiny, Regime("held", hold=hold))
    assert result.results.last_cycles[0] > hold
    assert network.compare(result.results.values, tiny.expected) == []


@pytest.mark.parametrize("beat", [0, 63, 70])
def test_a_wrong_tlast_raises_the_flag_and_nothing_else(tiny: Built, beat: int) -> None:
    """A frame has 64 beats. In a phase in which it should not be wrong, the flag is an error."""
    resets = (Phase(wrong_last=beat, stop_in=beat + 1),)
    assert network.compare(run(tiny, Regime("wrong", resets=resets)).results.values, tiny.expected) == []
    with pytest.raises(network.HardwareError, match="tlast of the input was wrong, but frame_error_o stayed down"):
        run(tiny, Regime("never wrong", resets=(Phase(wrong_last=beat + 5, stop_in=beat + 1),)))


FAULTS = {
    "early": (".last_o(m_axis_tlast)", ".last_o()\n  );\n  assign m_axis_tlast = (1'b1", "tlast is wrong at beat 0"),
    "dropped": (".last_o(m_axis_tlast)", ".last_o()\n  );\n  assign m_axis_tlast = (1'b0", "tlast is wrong at beat 5"),
    "flag": ("frame_error_o <= 1'b1", "frame_error_o <= 1'b0", "was wrong, but frame_error_o stayed down"),
    "taken": ("to_host_ready = m_axis_tready", "to_host_ready = m_axis_tready || aclk_q", "before .* taken"),
    "syntax": ("endmodule", "endmodul", "%Error"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_breaks_the_rules_at_an_end_is_an_error_of_the_hardware(tiny: Built, tmp_path: Path, fault: str) -> None:
    right, wrong, message = FAULTS[fault]
    emit(tiny.plan.design, tiny.plan.foldings, tiny.plan.storage, tmp_path / "emit")
    top = tmp_path / "emit/rtl/accelerator.sv"
    toggle = "  logic aclk_q = 0;\n  always_ff @(posedge aclk) aclk_q <= !aclk_q;\n  always_ff"
    top.write_text(top.read_text().replace(right, wrong).replace("  always_ff", toggle, 1))
    with pytest.raises(network.HardwareError, match=message):
        broken = replace(tiny, emitted=tmp_path / "emit", simulation=network.build(tmp_path / "emit", tmp_path / "s"))
        for regime in regimes(Interface.load(tiny.emitted), tiny.plan.cycles_per_frame, tiny.plan.latency_cycles):
            run(broken, regime)


def test_a_wave_holds_every_layers_signals(tiny: Built, tmp_path: Path) -> None:
    simulation = network.build(tiny.emitted, tmp_path, wave=True)
    kind = tiny.plan.design.input.type
    network.simulate(simulation, tiny.emitted, tiny.frames[:1], kind, QUIET_CYCLES)
    network.tidy(simulation)
    wave = (tmp_path / WAVE).read_bytes()
    for name in identifiers(tiny.plan.design).values():
        assert f"u_{name}".encode() in wave  # names are stored as they are
    assert not list(tmp_path.glob("Vtop*"))
