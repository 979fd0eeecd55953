"""The phases from an emitted design to a bitstream: synthesise, place and route, pack.

Each is a stage of a run folder of its own, so one that is current is not run again: another seed starts at place and
route, and after Ctrl-C the same command goes on behind the last finished phase.
"""

import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwcodesign.bitstream import serial_link
from hwcodesign.bitstream.clocking import clock_for
from hwcodesign.bitstream.constraints import write_constraints
from hwcodesign.bitstream.messages import explained
from hwcodesign.bitstream.routing import Convergence
from hwcodesign.bitstream.toolchain import toolchain_of
from hwcodesign.bitstream.top import TOP, board_top
from hwcodesign.bitstream.yosys import read_sources
from hwcodesign.core import progress, tools
from hwcodesign.core.assets import asset_folder, hls_source
from hwcodesign.core.errors import UserError
from hwcodesign.core.interface import Interface
from hwcodesign.core.run_folder import RunFolder, Stage, Summary
from hwcodesign.core.tools import Tool
from hwcodesign.fpga.board import Board
from hwcodesign.fpga.family import Clock, Toolchain
from hwcodesign.fpga.uart_rate import fastest

NETLIST, REPORT = "netlist.json", "report.json"
_PLACED_LOG = "nextpnr.log"
PHASES = ("synthesise", "place_and_route", "pack")


@dataclass(frozen=True)
class BuildRequest:
    """What to build: an emitted design for a board at a clock (MHz), placed from a seed."""

    board: Board
    emitted: Path
    clock_mhz: float
    seed: int

    @property
    def clock(self) -> Clock:
        return clock_for(self.board, self.clock_mhz)

    @property
    def line(self) -> serial_link.UartTiming:
        """The serial line's timing at that clock. Raises UserError if the clock cannot make its baud rate."""
        return serial_link.UartTiming.at(self.clock.mhz, self.baud)

    @property
    def baud(self) -> int:
        """The serial line's rate: the highest that board and clock can do."""
        assert self.board.link and self.board.link.baud, "a toolchain asks for a uart first"
        return fastest(self.clock.mhz, self.board.link.baud)

    @property
    def toolchain(self) -> Toolchain:
        return toolchain_of(self.board)


def run_phases(request: BuildRequest, folder: RunFolder) -> dict[str, Summary]:
    """Run every phase that is not current; what each says of itself: its `seconds` and its tool's version.

    Raises UserError if a tool is missing, fails or is killed, and DoesNotFitError if the design is too large.
    """
    found = {}
    for name, make in zip(PHASES, (_synthesise, _place_and_route, _pack), strict=True):
        stage = make(request, folder)
        if not folder.is_current(stage):
            folder.execute(stage)
        found[name] = folder.summary(name)
    return found


def _synthesise(request: BuildRequest, _folder: RunFolder) -> Stage:
    board, clock, emitted = request.board, request.clock, request.emitted
    parameters = serial_link.parameters(Interface.load(emitted), request.line, serial_link.design_hash(emitted))
    top = board_top(board, clock, parameters)
    clocks = (asset_folder("boards") / "clocks" / f"{clock.module}.sv",) if clock.module else ()
    sources = [*clocks, *(hls_source(module) for module in serial_link.MODULES)]
    yosys = tools.require(tools.YOSYS)
    script = request.toolchain.synthesis or board.device.synthesis
    period = f"scratchpad -set abc9.D {1e6 / clock.mhz:.0f}"  # picoseconds that abc9 works towards

    def work(folder: Path) -> Summary:
        for file in (*(emitted / "rtl").iterdir(), *(emitted / "memory").iterdir(), *sources):
            shutil.copyfile(file, folder / file.name)
        (folder / f"{TOP}.sv").write_text(top)
        read = read_sources(board.device, sorted(file.name for file in folder.glob("*.sv")))
        # Not every family's script names its cells after the wires that they drive, which says whose layer they are.
        synthesis = f"{script} -top {TOP}".replace(_DEFAULT_PERIOD, period)
        commands = [read, synthesis, "autoname", f"write_json {NETLIST}"]
        (folder / "synthesis.ys").write_text("\n".join(commands) + "\n")
        _run(request, "synthesise", [yosys, "-s", "synthesis.ys"], folder, "yosys.log")
        return _versions(tools.YOSYS, yosys)

    return Stage("synthesise", (emitted, *sources), [top, script, period, str(yosys)], work)


_DEFAULT_PERIOD = "scratchpad -set abc9.D 20000"  # what the family's synthesis is calibrated with


def _place_and_route(request: BuildRequest, phases: RunFolder) -> Stage:
    chain, board, netlist = request.toolchain, request.board, phases.stage("synthesise") / NETLIST
    nextpnr = tools.require(chain.place_and_route)
    pins, text = write_constraints(board)
    arguments = [*board.nextpnr, "--freq", f"{request.clock.mhz:.6g}", "--seed", str(request.seed)]
    files = chain.place_files(pins, chain.placed)
    command = [str(nextpnr), *arguments, *files, "--report", REPORT, "--timing-allow-fail"]

    def work(folder: Path) -> Summary:
        (folder / pins).write_text(text)
        mended = json.loads(netlist.read_text())
        chain.mend(mended)
        (folder / NETLIST).write_text(json.dumps(mended))  # programs in WebAssembly see their own folder alone
        routing = Convergence(request.seed)
        _run(request, "place and route", [*command, "--json", NETLIST], folder, _PLACED_LOG, routing.see)
        (folder / NETLIST).unlink()
        return _versions(chain.place_and_route, nextpnr)

    return Stage("place_and_route", (netlist,), [text, *command], work)


def _pack(request: BuildRequest, phases: RunFolder) -> Stage:
    chain, placed = request.toolchain, phases.stage("place_and_route") / request.toolchain.placed
    pack, between = tools.require(chain.pack), chain.before_pack
    packed = between.writes if between else chain.placed
    command = [str(pack), *request.board.pack, *chain.pack_files(packed, chain.bitstream)]
    first = [str(tools.require(between.tool)), *between.files(chain.placed, packed)] if between else []

    def work(folder: Path) -> Summary:
        shutil.copyfile(placed, folder / chain.placed)
        if between:
            _run(request, between.tool.name, first, folder, f"{between.tool.name}.log")
        _run(request, "pack", command, folder, "pack.log")
        for file in {chain.placed, packed}:
            (folder / file).unlink()
        return _versions(chain.pack, pack)

    return Stage("pack", (placed,), [*first, *command], work)


def _run(
    request: BuildRequest,
    title: str,
    command: Sequence[str | Path],
    folder: Path,
    log: str,
    watch: Callable[[str], None] = lambda line: None,
) -> None:
    """Run a phase's tool; `watch` sees every line, and what it raises ends the tool."""
    try:
        with progress.phase(title) as show:

            def on_line(line: str) -> None:
                show(line)
                watch(line)

            tools.run(command, folder, folder / log, on_line=on_line)
    except UserError as error:
        raise explained(error, request.board, folder / log) from None


def _versions(tool: Tool, path: Path) -> dict[str, Any]:
    return {"tool": tool.name, "version": ".".join(map(str, tools.version_of(tool, path)))}


def used_cells(chain: Toolchain, phases: RunFolder) -> Mapping[str, Mapping[str, int]]:
    """By type of cell how many places are `used` and how many are `available`."""
    cells = dict(read_report(phases)["utilization"])
    log = (phases.stage("place_and_route") / _PLACED_LOG).read_text(errors="replace")
    for cell in chain.placeholders:
        if found := re.search(rf"\s{cell}:\s*(\d+)/\s*(\d+)", log):
            cells[cell] = {"used": int(found[1]), "available": int(found[2])}
    return cells


def read_report(phases: RunFolder) -> Mapping[str, Any]:
    """nextpnr's own report: `fmax`, `critical_paths` and `utilization`."""
    report: Mapping[str, Any] = json.loads((phases.stage("place_and_route") / REPORT).read_text())
    return report
