"""Programs that stand for the tools: they write what the real ones would and note that they were called."""

import json
from pathlib import Path

import pytest

from hwcodesign.bitstream.flow import BuildRequest
from hwcodesign.core import tools
from hwcodesign.core.tools import Tool
from hwcodesign.emit.top_level import emit
from hwcodesign.fpga.board import load_board
from hwcodesign.plan import Plan, plan
from tests.graphs import tiny_squeezenet

NETWORK = "u_design.u_accelerator."
TYPES = {
    f"{NETWORK}u_conv1.a": "LUT4",
    f"{NETWORK}u_conv1.b": "TRELLIS_FF",
    "u_design.u_link.c": "LUT4",
    "waited": "TRELLIS_FF",
}
CELLS = {name: {"type": kind, "connections": {}, "port_directions": {}} for name, kind in TYPES.items()}


def report(fmax_mhz: float, constraint: float) -> dict[str, object]:
    """What nextpnr would report of a design whose critical path lies in conv1."""
    ends = [{"cell": f"{NETWORK}u_conv1.{register}_TRELLIS_FF_Q"} for register in ("acc_q", "valid_q")]
    path = [{"type": "routing", "delay": 1000 / fmax_mhz, "from": ends[0], "to": ends[1]}]
    return {
        "fmax": {"clk": {"achieved": fmax_mhz, "constraint": constraint}},
        "critical_paths": [{"from": "posedge clk", "to": "posedge clk", "path": path}],
        "utilization": {
            "TRELLIS_COMB": {"used": 2, "available": 83640},
            "TRELLIS_FF": {"used": 2, "available": 83640},
            "MULT18X18D": {"used": 0, "available": 156},
            "DP16KD": {"used": 0, "available": 208},
        },
    }


class Workbench:
    """An emitted design for the ULX3S, and fake tools to build it with."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.monkeypatch = folder, monkeypatch
        self.board = load_board("ulx3s-85f")
        self.emitted = folder / "emitted"
        self.plan: Plan = plan(tiny_squeezenet(), self.board, 50.0, 1000)
        emit(self.plan.design, self.plan.foldings, self.plan.storage, self.emitted)
        netlist = json.dumps({"modules": {"board_top": {"cells": CELLS}}})
        self.tool(tools.YOSYS, f"echo 'Warning: wire a1 is odd'\ncat > netlist.json <<'END'\n{netlist}\nEND")
        self.reaches(90.0)
        self.tool(tools.ECPPACK, "echo bits > design.bit")

    def tool(self, tool: Tool, body: str) -> None:
        path = self.folder / tool.name
        name = f'case "$1" in --version) echo {tool.name} 9.9; exit;; esac\necho {tool.name} >> {self.folder}/calls\n'
        path.write_text(f"#!/bin/sh\n{name}{body}\n")
        path.chmod(0o755)
        self.monkeypatch.setenv(tool.variable, str(path))

    def reaches(self, fmax_mhz: float, first: str = "true") -> None:
        """From now on place and route does `first` and reaches this clock."""
        text = json.dumps(report(fmax_mhz, 50.0))
        self.tool(tools.NEXTPNR_ECP5, f"{first}\necho placed > placed.config\ncat > report.json <<'END'\n{text}\nEND")

    def request(self, clock_mhz: float = 50.0, seed: int = 1) -> BuildRequest:
        return BuildRequest(self.board, self.emitted, clock_mhz, seed)

    @property
    def calls(self) -> list[str]:
        """Which tools ran since this was last asked."""
        path = self.folder / "calls"
        names = path.read_text().split() if path.exists() else []
        path.unlink(missing_ok=True)
        return names
