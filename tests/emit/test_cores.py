"""The network in other build systems: the files are whole, and what FuseSoC and LiteX build gives the right scores."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import yaml

from hwcodesign.core.interface import Interface, frame_bytes
from hwcodesign.core.tools import ICARUS, VVP, Tool, find
from hwcodesign.emit.cores import CORE, LITEX
from hwcodesign.emit.top_level import emit
from hwcodesign.fpga.board import load_board
from hwcodesign.graph import interpreter
from hwcodesign.plan import Plan, plan
from tests.graphs import tiny_squeezenet

# Neither is needed for anything else: users have their own, and we bring none.
FUSESOC = Tool("fusesoc", ("fusesoc",), (), "pip install fusesoc")
LITEX_SIM = Tool("litex", ("litex_sim",), (), "pip install litex migen")  # beside the Python that has LiteX
FRAMES = 2


@pytest.fixture(scope="module")
def made() -> Plan:
    return plan(tiny_squeezenet(), load_board("ulx3s-85f"), frame_rate=10_000)


@pytest.fixture(scope="module")
def emitted(made: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("emit")
    emit(made.design, made.foldings, made.storage, folder)
    return folder


def test_the_core_file_names_every_file(emitted: Path) -> None:
    text = (emitted / CORE).read_text()
    assert text.startswith("CAPI=2:\n")
    core = yaml.safe_load(text.partition("\n")[2])
    assert core["name"] == "hwcodesign:network:accelerator:0"
    assert core["filesets"]["rtl"]["files"] == (emitted / "sources.f").read_text().split()
    images = {name: how for image in core["filesets"]["memory"]["files"] for name, how in image.items()}
    assert images == {f"memory/{path.name}": {"copyto": path.name} for path in (emitted / "memory").iterdir()}
    for target in core["targets"].values():
        assert target["filesets"] == ["rtl", "memory"]


def test_the_litex_module_connects_every_port_and_names_every_file(emitted: Path) -> None:
    text = (emitted / LITEX).read_text()
    compile(text, LITEX, "exec")
    heading = (emitted / "rtl" / "accelerator.sv").read_text().partition("(")[2].partition(");")[0]
    ports = {f"{way[0]}_{name}" for way, name in re.findall(r"(input|output) +logic (?:\[.*?\] )?(\w+)", heading)}
    assert set(re.findall(r"^ +([io]_\w+)=", text, re.M)) == ports
    named = set(re.findall(r'"((?:rtl|memory)/.*?)"', text))
    assert named == {
        str(path.relative_to(emitted)) for room in ("rtl", "memory") for path in (emitted / room).iterdir()
    }


def bench(interface: Interface, unit: str, ports: Mapping[str, str], frames: np.ndarray, made: Plan) -> str:
    """A test bench in plain SystemVerilog: sends `frames` into `unit` and prints every beat that comes out."""
    beats = [
        frame[at : at + interface.in_bytes].hex()
        for frame in frame_bytes(frames, made.design.input.type, interface)
        for at in range(0, len(frame), interface.in_bytes)
    ]
    contents = "".join(f"    frames[{number}] = 'h{beat};\n" for number, beat in enumerate(beats))
    connections = ", ".join(f".{theirs}({ours})" for ours, theirs in ports.items())
    return f"""\
module bench;
  logic clk = 1'b0, rst_n = 1'b0, rst;
  logic [{8 * interface.in_bytes - 1}:0] frames [0:{len(beats) - 1}];
  logic [{8 * interface.in_bytes - 1}:0] in_data;
  logic [{8 * interface.out_bytes - 1}:0] out_data;
  logic in_valid, in_ready, in_last, out_valid, out_last;
  integer sent = 0, taken = 0;
  assign rst = !rst_n;
  assign in_valid = rst_n && sent < {len(beats)};
  assign in_data = frames[sent];
  assign in_last = sent % {interface.in_beats} == {interface.in_beats - 1};
  always #1 clk = !clk;
  {unit} u_unit ({connections});
  always @(posedge clk) begin
    if (in_valid && in_ready) sent <= sent + 1;
    if (rst_n && out_valid) begin
      $display("beat %0d %b", $signed(out_data), out_last);
      taken <= taken + 1;
      if (taken == {len(frames) * interface.out_beats - 1}) $finish;
    end
  end
  initial begin
{contents}    #20 rst_n = 1'b1;
    #2000000 $finish;
  end
endmodule
"""


def has_the_scores(printed: str, made: Plan, frames: np.ndarray) -> None:
    beats = re.findall(r"^beat (-?\d+) ([01])$", printed, re.M)
    expected = interpreter.run(made.design, frames)
    assert [int(value) for value, _ in beats] == expected.ravel().tolist()
    assert [int(last) for _, last in beats] == [int(at == expected.shape[1] - 1) for _ in frames for at in range(6)]


def images(made: Plan) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (FRAMES, *made.design.input.shape))


@pytest.mark.needs(FUSESOC, ICARUS, VVP)
def test_fusesoc_builds_it_into_somebodys_design(emitted: Path, made: Plan, tmp_path: Path) -> None:
    interface, frames = Interface.load(emitted), images(made)
    ends = {"clk": "aclk", "rst_n": "aresetn", "in_data": "s_axis_tdata", "in_valid": "s_axis_tvalid",
            "in_ready": "s_axis_tready", "in_last": "s_axis_tlast", "out_data": "m_axis_tdata",
            "out_valid": "m_axis_tvalid", "1'b1": "m_axis_tready", "out_last": "m_axis_tlast"}  # fmt: skip
    (tmp_path / "bench.sv").write_text(bench(interface, "accelerator", ends, frames, made))
    (tmp_path / "bench.core").write_text("""\
CAPI=2:
name: somebody:example:bench:1
filesets:
  bench:
    files: [bench.sv]
    file_type: systemVerilogSource
    depend: [hwcodesign:network:accelerator]
targets:
  default:
    filesets: [bench]
    toplevel: bench
    flow: sim
    flow_options: {tool: icarus, iverilog_options: [-g2012]}
""")
    command = [find(FUSESOC), "--cores-root", emitted, "--cores-root", tmp_path, "run", "somebody:example:bench"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    has_the_scores(done.stdout, made, frames)


LITEX_DESIGN = """\
from litex.build.io import CRG
from litex.build.sim import SimPlatform
from litex.gen.fhdl import verilog
from migen import ClockDomain, Module, Signal
from litex_accelerator import Accelerator
import json, sys

class Design(Module):
    def __init__(self, platform):
        self.clock_domains.cd_sys = ClockDomain()
        self.submodules.network = Accelerator(platform)

platform = SimPlatform("SIM", [])
design = Design(platform)
sink, source = design.network.sink, design.network.source
ends = {"clk": design.cd_sys.clk, "rst": design.cd_sys.rst, "in_data": sink.data, "in_valid": sink.valid,
        "in_ready": sink.ready, "in_last": sink.last, "out_data": source.data, "out_valid": source.valid,
        "1'b1": source.ready, "out_last": source.last}
made = verilog.convert(design, ios=set(ends.values()), name="design_of_litex")
made.write("design_of_litex.v")
names = {ours: made.ns.get_name(signal) for ours, signal in ends.items()}
copied = [path for path, _, _, *copy in platform.sources if copy and copy[0]]
sources = [path for path, language, *_ in platform.sources if language]
json.dump({"names": names, "copied": copied, "sources": sources}, open("made.json", "w"))
"""


@pytest.mark.needs(LITEX_SIM, ICARUS, VVP)
def test_litex_builds_it_into_somebodys_design(emitted: Path, made: Plan, tmp_path: Path) -> None:
    interface, frames = Interface.load(emitted), images(made)
    (tmp_path / "design.py").write_text(LITEX_DESIGN)
    variables = {"PYTHONPATH": str(emitted), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [find(LITEX_SIM).parent / "python", "design.py"],
        cwd=tmp_path, env=variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "made.json").read_text())
    for image in found["copied"]:  # as LiteX' Builder does
        shutil.copy(image, tmp_path)
    (tmp_path / "bench.sv").write_text(bench(interface, "design_of_litex", found["names"], frames, made))
    sources = [*found["sources"], "design_of_litex.v", "bench.sv"]
    subprocess.run([find(ICARUS), "-g2012", "-s", "bench", "-o", "bench.vvp", *sources], cwd=tmp_path, check=True)
    printed = subprocess.run([find(VVP), "-n", "bench.vvp"], cwd=tmp_path, capture_output=True, text=True, check=True)
    has_the_scores(printed.stdout, made, frames)
