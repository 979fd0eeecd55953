"""Runs images through the emitted hardware in Verilator and compares every score of every image with the reference."""

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwcodesign.core.assets import asset_folder
from hwcodesign.core.errors import UserError, VerificationError
from hwcodesign.core.interface import Interface, frame_bytes
from hwcodesign.dataflow import IntType
from hwcodesign.emit.top_level import TOP
from hwcodesign.simulate import simulator
from hwcodesign.simulate.regimes import FREE, NEVER, Phase, Regime
from hwcodesign.simulate.stream_files import StreamResults, read_results, weight_bytes

BENCH = "network_bench"
_PORTS = (
    "clk_i", "rst_ni", "wrong_last_i", "stop_in_i", "stop_out_i", "stop_cycle_i", "stopped_o", "beats_in_o",
    "beats_out_o", "cycle_o", "first_beat_cycle_o", "dropped_o", "changed_o", "frame_error_o",
)  # fmt: skip
_SHARE = 1 << 24  # of which the bench's stalls are parts
_AFTER_CYCLES = 20_000  # at most, after the last frame, for beats that should not come
_WARM_UP_FRAMES = 2  # frames until the pipeline is full, left out of the steady state
_POLL_SECONDS = 0.5
_OPTIMISE = ((30_000, "-O0"), (500_000, "-O1"))  # up to so many cycles the compiler's time is the larger part; then -O3


@dataclass(frozen=True)
class Simulated:
    """What the simulation showed. `cycles_per_frame` is the mean in the steady state (None below four frames).

    `latency_cycles` runs from the first frame's first beat to its last score; `cycles_per_second` is the simulator's.
    """

    results: StreamResults
    cycles_per_frame: float | None
    latency_cycles: int
    cycles: int
    cycles_per_second: float


def build(
    emitted: Path, folder: Path, wave: bool = False, probes: bool = False, cycles: int = 0, binds: str = ""
) -> simulator.Simulation:
    """Compile the emitted design with the file-to-file bench; `probes` records every stream inside it.

    `binds` binds layer probes to the design (see utilisation.py). `cycles` is about how many will be simulated: many
    are worth a compilation that takes longer.
    """
    emitted, folder = emitted.resolve(), folder.resolve()  # the tools run in `folder`
    interface = Interface.load(emitted)
    shared = [asset_folder("sim") / f"{name}.sv" for name in ("stream_source", "stream_sink", BENCH)]
    sources = [emitted / line for line in (emitted / "sources.f").read_text().split()] + shared
    if probes:
        sources.insert(0, asset_folder("sim") / "stream_probe.sv")
    if binds:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "utilisation.sv").write_text(binds)
        sources += [asset_folder("sim") / "layer_probe.sv", folder / "utilisation.sv"]
    parameters = {"IN_BYTES": interface.in_bytes, "IN_BEATS": interface.in_beats, "OUT_BYTES": interface.out_bytes}
    parameters["WEIGHT_BEATS"] = interface.weight_frames * interface.in_beats
    defines = ["HWCODESIGN_PROBE"] if probes else []
    with _judged(folder):
        return simulator.build(
            folder,
            BENCH,
            sources,
            _PORTS,
            optimise=next((level for most, level in _OPTIMISE if cycles <= most), "-O3"),
            trace=wave,
            parameters=parameters,
            defines=defines,
        )


class HardwareError(VerificationError):
    """The design broke the rules of its streams, or stands still; `deadlock` in the latter case."""

    def __init__(self, message: str, deadlock: bool = False) -> None:
        super().__init__(message)
        self.deadlock = deadlock


def simulate(
    simulation: simulator.Simulation,
    emitted: Path,
    frames: np.ndarray,
    int_type: IntType,
    quiet_cycles: int,
    on_frames: Callable[[int], None] = lambda done: None,
    regime: Regime = FREE,
) -> Simulated:
    """Send `frames` (N, H, W, C) through a built simulation, back to back; first the weights to load.

    `quiet_cycles` without any beat at either end count as a deadlock. `on_frames` hears how many frames are done.
    Raises HardwareError for a deadlock, for a valid or data that do not wait for ready, a tlast in the wrong place,
    beats that are missing or too many, and an error flag that is up or down when it should not be. Raises UserError
    with the end of the log if the simulation itself fails.
    """
    interface, folder = Interface.load(emitted), simulation.folder
    with (folder / "input.bin").open("wb") as file:
        file.write(weight_bytes(emitted, interface))
        file.writelines(frame_bytes(frames, int_type, interface))
    link_images(emitted, folder)
    result = folder / "result.json"
    in_beats = (interface.weight_frames + len(frames)) * interface.in_beats
    phases = [*regime.resets, Phase(stop_out=len(frames) * interface.out_beats)]
    script = {
        "phases": [asdict(phase) for phase in phases],
        "in_beats": in_beats,
        "out_beats": interface.out_beats,
        "quiet_cycles": quiet_cycles + regime.hold,
        "after_cycles": min(quiet_cycles, _AFTER_CYCLES),
    }
    arguments = [
        "+input=input.bin",
        "+output=output.txt",
        f"+input_stall={round(regime.stalls[0] * _SHARE)}",
        f"+output_stall={round(regime.stalls[1] * _SHARE)}",
        f"+output_hold={regime.hold}",
        f"+verilator+seed+{regime.seed}",
        "+verilator+rand+reset+2",  # what no reset sets begins with anything
    ]
    environment = {"SCRIPT": json.dumps(script), "RESULT": str(result)}
    with cocotb_sees(asset_folder("sim")), _watched(result.with_suffix(".progress"), on_frames), _judged(folder):
        simulator.run(simulation, "network_test", environment, arguments)
    _require_memories(folder)
    counted = json.loads(result.read_text())
    _require_rules(phases, counted["phases"], in_beats)
    results = read_results(folder / "output.txt", interface)
    if results.wrong_last is not None:
        raise HardwareError(f"{TOP}: tlast is wrong at beat {results.wrong_last} of what comes out")
    if results.beats != len(frames) * interface.out_beats:
        raise HardwareError(f"{TOP}: {results.beats} beats came out of {len(frames)} frames of {interface.out_beats}")
    return _measured(results, {**counted["phases"][-1], "seconds": counted["seconds"]})


def _require_rules(phases: list[Phase], found: list[dict[str, Any]], in_beats: int) -> None:
    """Every phase went as it should, as far as the ends of the design tell."""
    for phase, counted in zip(phases, found, strict=False):
        if counted["dropped"]:
            raise HardwareError(f"{TOP}: valid fell before a beat of the output was taken")
        if counted["changed"]:
            raise HardwareError(f"{TOP}: a beat of the output changed before it was taken")
        if counted["deadlock"]:
            raise HardwareError(f"{TOP}: deadlock: no beat moves after {counted['beats_in']} beats in and "
                                f"{counted['beats_out']} out", deadlock=True)  # fmt: skip
        if counted["frame_error"] != (phase.wrong_last != NEVER):
            wrong, flag = ("was wrong", "stayed down") if phase.wrong_last != NEVER else ("was right", "went up")
            raise HardwareError(f"{TOP}: tlast of the input {wrong}, but frame_error_o {flag}")
    if found[-1]["beats_in"] != in_beats:
        raise HardwareError(f"{TOP}: {found[-1]['beats_in']} of {in_beats} beats of the input were taken")


@contextmanager
def _judged(folder: Path) -> Iterator[None]:
    """What Verilator or the running design itself calls an error is the design's fault, not the user's."""
    try:
        yield
    except UserError as error:
        for log in ("verilator.log", "simulation.log"):
            path = folder / log
            faults = [line for line in path.read_text().splitlines() if "%Error" in line] if path.exists() else []
            if faults:
                raise HardwareError(f"{TOP}: {faults[0].strip()} (log in {path})") from error
        raise


def _require_memories(folder: Path) -> None:
    """A memory image that cannot be read is a warning of the simulator's only."""
    for line in (folder / "simulation.log").read_text().splitlines():
        if "$readmem" in line:
            raise HardwareError(f"{TOP}: a memory has no contents: {line.strip()}")


def tidy(simulation: simulator.Simulation) -> None:
    """Remove what was needed to build and run the simulation; logs, the wave, input and output stay."""
    for pattern in ("Vtop*", "*.o", "*.d", "*.hex", "*.work"):
        for file in simulation.folder.glob(pattern):
            file.unlink()


def compare(values: np.ndarray, expected: np.ndarray) -> list[int]:
    """The frames in which any beat (score or class) of `values` (N, beats) differs from `expected`."""
    return [int(i) for i in np.flatnonzero((values != expected).any(axis=1))]


def _measured(results: StreamResults, counted: Mapping[str, Any]) -> Simulated:
    steady = results.last_cycles[_WARM_UP_FRAMES:]
    return Simulated(
        results=results,
        cycles_per_frame=float(steady[-1] - steady[0]) / (len(steady) - 1) if len(steady) > 1 else None,
        latency_cycles=int(results.last_cycles[0]) - counted["first_beat_cycle"] + 1,
        cycles=counted["cycle"],
        cycles_per_second=counted["cycle"] / counted["seconds"],
    )


def link_images(emitted: Path, folder: Path) -> None:
    """Show the memory images of an emitted design to a simulation: $readmemh looks where it runs."""
    for image in (emitted / "memory").iterdir():
        (folder / image.name).unlink(missing_ok=True)
        (folder / image.name).symlink_to(image.resolve())


@contextmanager
def cocotb_sees(folder: Path) -> Iterator[None]:
    """Let a simulation find its cocotb test in `folder`."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


@contextmanager
def _watched(progress: Path, on_frames: Callable[[int], None]) -> Iterator[None]:
    """Tell `on_frames` now and then what the running test wrote into the file `progress`."""
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(_POLL_SECONDS):
            text = progress.read_text() if progress.exists() else ""
            if text:
                on_frames(int(text))

    progress.unlink(missing_ok=True)
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()
