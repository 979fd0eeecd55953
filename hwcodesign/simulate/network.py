"""Runs images through the emitted hardware in Verilator and compares every score of every image with the reference."""

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwcodesign.core.assets import asset_folder
from hwcodesign.core.errors import UserError
from hwcodesign.core.interface import Interface, frame_bytes
from hwcodesign.dataflow import IntType
from hwcodesign.emit.top_level import TOP
from hwcodesign.simulate import simulator
from hwcodesign.simulate.stream_files import Results, read_results, weight_bytes

BENCH = "network_bench"
_PORTS = ("clk_i", "rst_ni", "beats_in_o", "frames_out_o", "cycle_o", "first_beat_cycle_o", "frame_error_o")
_WARM_UP_FRAMES = 2  # frames until the pipeline is full, left out of the steady state
_POLL_SECONDS = 0.5
_MANY_CYCLES = 500_000


@dataclass(frozen=True)
class Measured:
    """What the simulation showed. `cycles_per_frame` is the mean in the steady state (None below four frames).

    `latency_cycles` runs from the first frame's first beat to its last score; `cycles_per_second` is the simulator's.
    """

    results: Results
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
    return simulator.build(
        folder,
        BENCH,
        sources,
        _PORTS,
        optimise="-O3" if cycles > _MANY_CYCLES else "-O1",
        trace=wave,
        parameters=parameters,
        defines=defines,
    )


def simulate(
    simulation: simulator.Simulation,
    emitted: Path,
    frames: np.ndarray,
    kind: IntType,
    quiet_cycles: int,
    on_frames: Callable[[int], None] = lambda done: None,
    stalls: tuple[int, int] = (0, 0),
    seed: int = 1,
) -> Measured:
    """Send `frames` (N, H, W, C) of type `kind` through a built simulation, back to back; first the weights to load.

    `quiet_cycles` without any beat at either end count as a deadlock. `stalls` are percentages of idle cycles at the
    input and not-ready cycles at the output, drawn at random from `seed`. `on_frames` hears how many frames are done.
    Raises UserError with the end of the log if the simulation fails.
    """
    interface, folder = Interface.load(emitted), simulation.folder
    with (folder / "input.bin").open("wb") as file:
        file.write(weight_bytes(emitted, interface))
        file.writelines(frame_bytes(frames, kind, interface))
    link_images(emitted, folder)
    result = folder / "result.json"
    environment = {"FRAMES": str(len(frames)), "QUIET_CYCLES": str(quiet_cycles), "RESULT": str(result)}
    arguments = [
        "+input=input.bin",
        "+output=output.txt",
        f"+input_stall={stalls[0]}",
        f"+output_stall={stalls[1]}",
        f"+verilator+seed+{seed}",
    ]
    with cocotb_sees(asset_folder("sim")), _watched(result.with_suffix(".progress"), on_frames):
        simulator.run(simulation, "network_test", environment, arguments)
    counted = json.loads(result.read_text())
    if counted["frame_error"]:
        raise UserError(f"{TOP}: the input's frame boundaries were lost; see {folder}")
    return _measured(read_results(folder / "output.txt", interface), len(frames), counted)


def tidy(simulation: simulator.Simulation) -> None:
    """Remove what was needed to build and run the simulation; logs, the wave, input and output stay."""
    for pattern in ("Vtop*", "*.o", "*.d", "*.hex", "*.work"):
        for file in simulation.folder.glob(pattern):
            file.unlink()


def compare(values: np.ndarray, expected: np.ndarray) -> list[int]:
    """The frames in which any beat (score or class) of `values` (N, beats) differs from `expected`."""
    return [int(i) for i in np.flatnonzero((values != expected).any(axis=1))]


def _measured(results: Results, frames: int, counted: Mapping[str, Any]) -> Measured:
    assert len(results.values) == frames, "the bench waits for every frame"
    steady = results.last_cycles[_WARM_UP_FRAMES:]
    return Measured(
        results=results,
        cycles_per_frame=float(steady[-1] - steady[0]) / (len(steady) - 1) if len(steady) > 1 else None,
        latency_cycles=int(results.last_cycles[0]) - counted["first_beat_cycle"] + 1,
        cycles=counted["cycles"],
        cycles_per_second=counted["cycles"] / counted["seconds"],
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
