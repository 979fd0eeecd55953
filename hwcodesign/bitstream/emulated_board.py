"""A board in a simulator: the RTL from the UART's pins on, behind a pseudo-terminal that a host opens like any port.

The simulation runs slower than the chip, so a host needs more patience: enough for a large network on a busy machine.
Nothing is lost on this line but what a test loses, and a board that ends takes its port along; so it costs nobody time.
"""

import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from hwcodesign.bitstream import serial_link
from hwcodesign.core.assets import asset_folder, hls_source
from hwcodesign.core.errors import UserError
from hwcodesign.core.interface import Interface
from hwcodesign.core.picture_task import PictureTask
from hwcodesign.core.run_folder import RunFolder, Stage, Summary
from hwcodesign.export.picture_task import picture_task
from hwcodesign.host.contract import Contract
from hwcodesign.host.packets import OVERHEAD_BYTES
from hwcodesign.plan import Plan
from hwcodesign.simulate import network, simulator
from hwcodesign.verify.images import Images

TIMING = serial_link.UartTiming(clocks_per_bit=8, timeout_clocks=4000)  # short times: every clock is simulated
BAUD = 57600  # that of no board: so the contract of the bitstream of the same design is not taken for that of this one
PATIENCE_SECONDS = 10.0  # at least
_SLOWEST = 1000  # clocks that are simulated in a second
STAGE = "emulate"
CODE = ("bitstream", "simulate", "host", "plan/link_cost.py", "core/interface.py")
_SIMULATION = "simulation"
_PORTS = ("clk_i", "rst_ni", "rx_i", "tx_o")
_TEST = "board_test"
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Faults:
    """What goes wrong on the line: a fault for some bytes, counted from 0, on their way to the board or to the host.

    Faults: lose (it never arrives), flip (one bit of it is wrong), break (the line is low for longer than a byte),
    glitch (a short pulse before it), pause (a silence before it, longer than the time-out within a packet), reset (of
    the board, in the middle of it). To the host only lose and flip.
    """

    to_board: Mapping[int, str]
    to_host: Mapping[int, str]


NO_FAULTS = Faults({}, {})


def prepare(run: RunFolder) -> "Emulation":
    """Build the emitted design of a run in its folder `emulate`, with the files that a host needs beside it.

    What is there already of the same design is taken. Raises UserError if the run has no emitted design, or a tool is
    missing.
    """
    if not run.finished("emit"):
        raise UserError(f"{run.path} holds no emitted design: hwcodesign run {run.path.name} --to emit")
    planned, emitted, exported = run.stage("plan"), run.stage("emit"), run.stage("export")
    made, held_out, task = Plan.load(planned), exported / "reference.npz", picture_task(run)

    def work(folder: Path) -> Summary:
        emulation = build(emitted, folder / _SIMULATION, made)
        images = Images.held_out(held_out) if held_out.exists() else _random_images(made)
        contract = contract_of(run.path.name, made, emitted, emulation, task)
        serial_link.hand_over(folder, contract, made.design, emitted, images.frames)
        return {}

    inputs = (planned, emitted, asset_folder("hls"), *([held_out] if held_out.exists() else []))
    stage = Stage(STAGE, inputs, [run.path.name, repr(task)], work, code=CODE)
    if not run.is_current(stage):
        run.execute(stage)
    return _emulation(run.stage(STAGE) / _SIMULATION, made, TIMING)


def _random_images(made: Plan) -> Images:
    return Images.random(made.design, serial_link.SELFTEST_IMAGES, 1)


def contract_of(
    network: str, made: Plan, emitted: Path, emulation: "Emulation", task: PictureTask | None = None
) -> Contract:
    """The contract of an emulated board."""
    contract = serial_link.contract_of(network, made, emitted, BAUD, emulation.timing, task)
    line_bytes = contract.image_bytes + contract.result_bytes + 2 * OVERHEAD_BYTES
    clocks = emulation.timing.clocks(line_bytes) + emulation.quiet_clocks
    return replace(contract, patience=max(PATIENCE_SECONDS, clocks / _SLOWEST))


@dataclass(frozen=True)
class Emulation:
    """A built simulation of a board, and the clocks after which its network is done with everything."""

    simulation: simulator.Simulation
    timing: serial_link.UartTiming
    quiet_clocks: int


def build(
    emitted: Path, folder: Path, made: Plan, timing: serial_link.UartTiming = TIMING, optimise: str = "-O1"
) -> Emulation:
    """Compile the emitted design of a plan behind its serial link in `folder`.

    Raises UserError if a tool is missing or the design does not compile.
    """
    emitted, folder = emitted.resolve(), folder.resolve()
    own = [emitted / line for line in (emitted / "sources.f").read_text().split()]
    there = {path.stem for path in own}
    kernels = [hls_source(name) for name in serial_link.MODULES if name not in there]
    parameters = serial_link.parameters(Interface.load(emitted), timing, serial_link.design_hash(emitted))
    simulation = simulator.build(
        folder, serial_link.TOP, own + kernels, _PORTS, optimise=optimise, parameters=parameters
    )
    network.link_images(emitted, folder)
    return _emulation(simulation.folder, made, timing)


def _emulation(folder: Path, made: Plan, timing: serial_link.UartTiming) -> Emulation:
    """What was built in `folder`."""
    quiet = made.cycles_per_frame + made.latency_cycles + 2 * timing.timeout_clocks
    return Emulation(simulator.built_in(folder, serial_link.TOP), timing, quiet)


@contextmanager
def running(emulation: Emulation, faults: Faults = NO_FAULTS) -> Iterator["RunningBoard"]:
    """Run the board until the context ends. Raises UserError with the end of the log if the simulation fails."""
    folder = emulation.simulation.folder
    port, stop = folder / "port", folder / "stop"
    for left in (port, stop):
        left.unlink(missing_ok=True)
    environment = {
        "BOARD_PORT": str(port),
        "BOARD_STOP": str(stop),
        "BOARD_BAUD": str(BAUD),
        "BOARD_BIT_CLOCKS": str(emulation.timing.clocks_per_bit),
        "BOARD_TIMEOUT_CLOCKS": str(emulation.timing.timeout_clocks),
        "BOARD_QUIET_CLOCKS": str(emulation.quiet_clocks),
        "BOARD_FAULTS": json.dumps([{str(n): f for n, f in x.items()} for x in (faults.to_board, faults.to_host)]),
    }
    board = RunningBoard(port, emulation.simulation, environment)
    try:
        board.start()
        yield board
    finally:
        stop.touch()
        try:
            board.wait()
        finally:
            port.unlink(missing_ok=True)  # its terminal's name will be somebody else's


class RunningBoard:
    """A running emulation; `port` is what a host opens."""

    def __init__(self, port: Path, simulation: simulator.Simulation, environment: Mapping[str, str]) -> None:
        self.port = str(port)
        self._simulation, self._environment = simulation, environment
        self._error: UserError | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Return once the port is there."""
        self._thread.start()
        while self._thread.is_alive() and not os.path.lexists(self.port):
            self._thread.join(_POLL_SECONDS)

    def wait(self) -> None:
        """Return once the simulation has ended. Raises UserError if it failed."""
        while self._thread.is_alive():
            self._thread.join(_POLL_SECONDS)
        if self._error:
            raise self._error

    def _run(self) -> None:
        try:
            with network.cocotb_sees(asset_folder("sim")):
                simulator.run(self._simulation, _TEST, self._environment)
        except UserError as error:
            self._error = error
