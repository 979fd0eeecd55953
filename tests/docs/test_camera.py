"""The camera page's top level fits the network that it is written for, and every tool takes it."""

import re
import subprocess
from pathlib import Path

from hwcodesign.check.suggestions import predicted
from hwcodesign.fpga.board import load_board
from hwcodesign.graph.interface import interface_of
from hwcodesign.plan import plan
from hwcodesign.recipe import load_recipe
from hwcodesign.simulate.verilator_setup import verilator
from tests.kernels.test_parameters import ACCELERATOR, sources_of

DOCS = Path(__file__).parents[2] / "docs"


def test_the_top_level_is_that_of_the_demo(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```systemverilog\n(.*?)^```", (DOCS / "guide" / "camera.md").read_text(), flags=re.S | re.M)
    values = {name: int(value) for name, value in re.findall(r"\.([A-Z_]+)\((\d+)\)", text)}
    graph = predicted(load_recipe("digits-squeezenet"))
    made = plan(graph, load_board("ulx3s-85f"), frame_rate=10_000)
    interface = interface_of(made.design, made.foldings)
    height, width, channels = graph.input.shape
    assert (values["HEIGHT"], values["WIDTH"], channels) == (height, width, 1)
    assert (values["IN_BYTES"], values["OUT_BYTES"]) == (interface.in_bytes, interface.out_bytes)
    assert values["SCORES"] == interface.out_beats - 1
    assert values["X"] + values["SCALE"] * width <= 640 and values["Y"] + values["SCALE"] * height <= 480
    (tmp_path / "camera_top.sv").write_text(text)
    data = "output logic [{}:0] m_axis_tdata"
    stub = ACCELERATOR.replace(data.format(7), data.format(8 * interface.out_bytes - 1))
    (tmp_path / "accelerator.sv").write_text(stub)
    sources = [*sources_of("camera_accelerator"), "accelerator.sv", "camera_top.sv"]
    command = [verilator(), "--lint-only", "-Wno-fatal", "--top-module", "camera_top", *sources]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "PIN" not in done.stderr, done.stderr
