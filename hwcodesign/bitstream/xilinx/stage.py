"""The bitstream stage for AMD's boards: project, counts, what a host needs; and the bitstream where Vivado is there."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from hwcodesign.bitstream import serial_link
from hwcodesign.bitstream.build import UTILISATION
from hwcodesign.bitstream.flow import BuildRequest
from hwcodesign.bitstream.netlist import INSIDE, OVERHEAD, resources_by_layer, total
from hwcodesign.bitstream.xilinx import vivado
from hwcodesign.bitstream.xilinx.dma import DMA_TOP
from hwcodesign.bitstream.xilinx.driver import installation, write_driver
from hwcodesign.bitstream.xilinx.project import Project, write_project
from hwcodesign.bitstream.yosys import read_sources
from hwcodesign.core import progress, tools
from hwcodesign.core.names import made_legal
from hwcodesign.core.picture_task import PictureTask
from hwcodesign.core.run_folder import RunFolder, Stage, Summary
from hwcodesign.fpga import openxc7
from hwcodesign.fpga.board import RESOURCES, Board
from hwcodesign.fpga.resources import Resources
from hwcodesign.plan import Plan

PROJECT, NETLIST = "vivado", "netlist.json"
SYNTHESISED, PLACED = "Yosys, before placement", "Vivado, after placement"


def for_vivado(board: Board) -> bool:
    """Whether Vivado makes the board's bitstreams: where it is there, or nothing else that could."""
    openly = openxc7.NAME in board.toolchain and openxc7.is_there() and not vivado.vivado_is_there()
    return "vivado" in board.toolchain and not openly


def build_amd(
    request: BuildRequest,
    made: Plan,
    network: str,
    images: np.ndarray,
    phases: RunFolder,
    folder: Path,
    task: PictureTask | None = None,
) -> Summary:
    """Write into `folder` a Vivado project, `utilisation.json`, contract and self-test, and a Zynq's driver.

    `images` (N, H, W, C) are those of the self-test; `task` goes into the contract. The summary's `state` says in words
    what there is; it has `bitstream`, `fmax_mhz` and `timing_met` where Vivado has built it. Raises UserError if a tool
    fails, and without one that is needed: Yosys, edalize.
    """
    name = made_legal(network)  # in a Makefile, in Tcl and in Python
    project = write_project(request, name, folder / PROJECT)
    layers = _synthesised(request, project, made, phases)
    zynq = project.rtl_top == DMA_TOP
    contract = (
        serial_link.dma_contract(network, made, request.emitted, task)
        if zynq
        else serial_link.contract_of(network, made, request.emitted, request.baud, request.line, task)
    )
    serial_link.hand_over(folder, contract, made.design, request.emitted, images)
    driver = write_driver(folder, name, folder) if zynq else None
    built = _vivado(project, phases) if vivado.vivado_is_there() else None
    state = f"built with Vivado in {phases.stage(PROJECT)}" if built else vivado.not_built(PROJECT)
    document = {
        "board": request.board.name,
        "part": project.part,
        "project": PROJECT,
        "state": state,
        "clock_mhz": round(project.clock_mhz, 6),
        **(_built(built, folder, driver) if built else {}),
        "host": installation(name, built is not None) if driver else "",
        "resources": _table(request, made, layers, built.resources if built else None),
        "counted_by": PLACED if built else SYNTHESISED,
    }
    everything = document | {"layers": {name: asdict(used) for name, used in layers.items()}}
    (folder / UTILISATION).write_text(json.dumps(everything, indent=1) + "\n")
    return document


def _vivado(project: Project, phases: RunFolder) -> vivado.Built:
    """Built in a folder of the phases, which stays as it is when the build is interrupted, and goes on from there."""
    files = sorted(path.relative_to(project.folder) for path in project.folder.rglob("*") if path.is_file())

    def work(folder: Path) -> Summary:
        for file in files:
            if not (folder / file).exists():  # what is there is older than what Vivado made of it
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(project.folder / file, folder / file)
        vivado.build(replace(project, folder=folder))
        return {}

    stage = Stage(PROJECT, tuple(project.folder / file for file in files), [project.name], work, resumable=True)
    if not phases.is_current(stage):
        phases.execute(stage)
    return vivado.built(replace(project, folder=phases.stage(PROJECT)))


def _synthesised(request: BuildRequest, project: Project, made: Plan, phases: RunFolder) -> Mapping[str, Resources]:
    """What every layer takes by Yosys' synthesis for the part's family."""
    yosys, family = tools.require(tools.YOSYS), request.board.device
    files = [file for file in project.files if file.startswith("rtl/")]
    sources = sorted(Path(file).name for file in files if not file.endswith(".hex"))
    # synth_xilinx leaves most cells without a name: autoname calls them after what they drive, which tells the layer.
    commands = [f"{family.synthesis} -top {project.rtl_top}", "autoname", f"write_json {NETLIST}"]

    def work(folder: Path) -> Summary:
        for file in files:
            shutil.copyfile(project.folder / file, folder / Path(file).name)
        (folder / "synthesis.ys").write_text("\n".join([read_sources(family, sources), *commands, ""]))
        with progress.phase("synthesise (for the counts)") as on_line:
            tools.run([yosys, "-s", "synthesis.ys"], folder, folder / "yosys.log", on_line=on_line)
        return {}

    stage = Stage("xilinx", tuple(project.folder / file for file in files), [*commands, str(yosys)], work)
    if not phases.is_current(stage):
        phases.execute(stage)
    inside = "" if project.rtl_top == DMA_TOP else INSIDE
    return resources_by_layer(family, phases.stage(stage.name) / NETLIST, project.rtl_top, made.design, inside)


def _table(
    request: BuildRequest, made: Plan, layers: Mapping[str, Resources], placed: Resources | None
) -> dict[str, dict[str, int]]:
    """Every resource: used in all (processor, DMA and interconnect count only once placed), the network's, planned."""
    network = total(used for name, used in layers.items() if name not in OVERHEAD)
    used = placed or total(layers.values())
    return {
        name: {
            "used": getattr(used, name),
            "available": getattr(request.board.resources, name),
            "network": getattr(network, name),
            "planned": getattr(made.resources, name),
            "link_planned": getattr(made.link, name),
        }
        for name in RESOURCES
    }


def _built(built: vivado.Built, folder: Path, driver: Path | None) -> dict[str, Any]:
    """The bitstream's part of the summary; copies it and its .hwh out of the project, for a Zynq into the driver."""
    for file in (built.bitstream, built.handoff):
        if file:
            for target in (folder, driver):
                shutil.copy(file, target) if target else None
    data = built.bitstream.read_bytes()
    return {
        "bitstream": built.bitstream.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "fmax_mhz": round(built.fmax_mhz, 2),
        "timing_met": built.slack_ns >= 0,
        "timing": f"the worst path misses the clock by {-built.slack_ns:.3f} ns; Vivado's report: {built.timing_report}"
        if built.slack_ns < 0
        else "",
        "warnings": [],
    }
