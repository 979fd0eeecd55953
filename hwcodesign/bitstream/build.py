"""Builds a bitstream and says what it is: resources beside the plan's, per layer, clock reached, warnings, hash."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hwcodesign.bitstream import flow
from hwcodesign.bitstream.clocking import highest_clock
from hwcodesign.bitstream.flow import NETLIST, BuildRequest, run_phases
from hwcodesign.bitstream.messages import Warnings, warnings_in
from hwcodesign.bitstream.netlist import OVERHEAD, owners, resources_by_layer, total
from hwcodesign.bitstream.timing import read_timing
from hwcodesign.bitstream.top import TOP
from hwcodesign.core.errors import DoesNotFitError
from hwcodesign.core.run_folder import RunFolder, Summary
from hwcodesign.fpga.board import RESOURCES, Board
from hwcodesign.plan import Plan

UTILISATION = "utilisation.json"


def build(request: BuildRequest, plan: Plan, phases: RunFolder, folder: Path) -> Summary:
    """Write into `folder` the bitstream, `utilisation.json` and the tools' logs; return the report's part.

    `phases` keeps what each phase made. The summary has `timing_met`; where it is false, `timing` says in words which
    layers the critical path goes through and which clock would hold. Raises DoesNotFitError before it starts a tool if
    the part has no room for the network and its link.
    """
    _require_room(request.board, plan)
    ran = run_phases(request, phases)
    chain, board = request.toolchain, request.board
    noted = [Warnings(chain.place_and_route.name, 1, chain.note)] if chain.note else []
    warnings = noted + [group for phase in ran for log in _logs(phases, phase, folder) for group in warnings_in(log)]
    shutil.copyfile(phases.stage("pack") / chain.bitstream, folder / chain.bitstream)
    report = flow.read_report(phases)
    timing = read_timing(report, owners(plan.design))
    layers = resources_by_layer(request.board.device, phases.stage("synthesise") / NETLIST, TOP, plan.design)
    met = timing.fmax_mhz >= request.clock.mhz
    overhead = total(layers[name] for name in OVERHEAD if name in layers)
    cells = flow.used_cells(chain, phases)
    placed = _placed(cells, chain.cells)
    synthesised = asdict(total(layers.values()))
    document = {
        "board": board.name,
        "part": board.part,
        "bitstream": chain.bitstream,
        "sha256": hashlib.sha256((folder / chain.bitstream).read_bytes()).hexdigest(),
        "bytes": (folder / chain.bitstream).stat().st_size,
        "clock_mhz": round(request.clock.mhz, 6),
        "fmax_mhz": timing.fmax_mhz,
        "timing_met": met,
        "timing": timing.in_words() + ("" if met else _instead(request, timing.fmax_mhz)),
        "seed": request.seed,
        "resources": {
            name: {
                "used": placed.get(name, synthesised[name]),
                "available": getattr(board.resources, name),
                "network": placed.get(name, synthesised[name]) - getattr(overhead, name),
                "planned": getattr(plan.resources, name),
                "link_planned": getattr(plan.link, name),
            }
            for name in RESOURCES
        },
        "overhead": {name: asdict(layers[name]) for name in OVERHEAD if name in layers},
        "phases": ran,
        "warnings": [asdict(group) for group in warnings],
    }
    everything = document | {
        "layers": {name: asdict(used) for name, used in layers.items()},
        "critical_path": asdict(timing),
        "cells": cells,
    }
    (folder / UTILISATION).write_text(json.dumps(everything, indent=1) + "\n")
    return document


def _require_room(board: Board, plan: Plan) -> None:
    """The check leaves a part of the board free; this is for a design that was forced."""
    short = [
        f"{getattr(plan.total, name)} of {getattr(board.resources, name)} {board.unit(name)}"
        for name in RESOURCES
        if getattr(plan.total, name) > getattr(board.resources, name)
    ]
    if short:
        raise DoesNotFitError(f"{board.name} has no room for the network and its serial link: they need "
                              f"{', '.join(short)}; plan for a lower frame rate")  # fmt: skip


def _logs(phases: RunFolder, phase: str, folder: Path) -> list[Path]:
    logs = [Path(shutil.copy(log, folder)) for log in sorted(phases.stage(phase).glob("*.log"))]
    return logs


def _placed(cells: Mapping[str, Any], counted: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """The resources that place and route counts; what a cell type takes, times how often it is used."""
    return {
        name: sum(cells[cell]["used"] * each for cell, each in kinds.items() if cell in cells)
        for name, kinds in counted.items()
    }


def _instead(request: BuildRequest, fmax_mhz: float) -> str:
    clock = highest_clock(request.board, fmax_mhz)
    if clock is None:
        return f"; {request.board.name} makes no clock that is slow enough"
    return f"; --clock-mhz {clock:.6g} would hold, and another --seed may reach a little more"
