"""A whole small network as Yosys maps it, simulated cell by cell, gives the scores of the design it was made
from.

Block RAM and multipliers are black boxes in Yosys, so its memories lie in LUTs. Each mapped cell is replaced by its
simulation model and the result is compiled in the design's place.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest

from hwcodesign.bitstream.yosys import read_sources
from hwcodesign.core import tools
from hwcodesign.emit.top_level import TOP, emit
from hwcodesign.fpga.board import load_board
from hwcodesign.graph import interpreter
from hwcodesign.kinds.kind import IN_LUTS
from hwcodesign.plan import plan
from hwcodesign.simulate import network
from hwcodesign.simulate.regimes import Regime
from tests.bitstream.test_build import one_fire_module

BOARD = load_board("ulx3s-85f")
FRAMES = 8
MODELS = """
write_json mapped.json
design -reset
read_json mapped.json
delete =A:blackbox =A:whitebox
read_verilog -overwrite +/ecp5/cells_sim.v
hierarchy -top {top}
proc
flatten
delete t:$scopeinfo
opt_clean
write_verilog -noattr netlist.v
"""


def mapped(emitted: Path, folder: Path) -> Path:
    """A folder like `emitted`, with one flat netlist of cell models in place of the sources."""
    work = folder / "yosys"
    work.mkdir(parents=True)
    for file in (*(emitted / "rtl").iterdir(), *(emitted / "memory").iterdir()):
        shutil.copyfile(file, work / file.name)
    read = read_sources(BOARD.device, sorted(file.name for file in work.glob("*.sv")))
    synthesis = f"synth_ecp5 -nobram -nodsp -top {TOP}"
    (work / "netlist.ys").write_text(f"{read}\n{synthesis}{MODELS.format(top=TOP)}")
    tools.run([tools.require(tools.YOSYS), "-q", "netlist.ys"], work, work / "yosys.log")
    (folder / "rtl").mkdir()
    shutil.copyfile(work / "netlist.v", folder / "rtl" / "netlist.v")
    shutil.copyfile(emitted / "rtl" / "frame_last.sv", folder / "rtl" / "frame_last.sv")  # the bench needs it
    (folder / "sources.f").write_text("rtl/netlist.v\nrtl/frame_last.sv\n")
    shutil.copyfile(emitted / "interface.json", folder / "interface.json")
    shutil.copytree(emitted / "memory", folder / "memory")
    return folder


@pytest.mark.needs(tools.YOSYS)
def test_the_netlist_gives_the_scores_of_the_design(tmp_path: Path) -> None:
    made = plan(one_fire_module(), BOARD, frame_rate=100)
    storage = {layer: dict.fromkeys(memories, IN_LUTS) for layer, memories in made.storage.items()}
    emit(made.design, made.foldings, storage, tmp_path / "emitted")
    frames = np.random.default_rng(1).integers(0, 256, (FRAMES, *made.design.input.shape))
    expected = interpreter.run(made.design, frames)
    assert len(np.unique(expected, axis=0)) > FRAMES // 2, "the frames must be told apart"
    for name, design in (
        ("rtl", tmp_path / "emitted"),
        ("netlist", mapped(tmp_path / "emitted", tmp_path / "netlist")),
    ):
        simulation = network.build(design, tmp_path / f"simulation_{name}")
        kind = made.design.input.type
        found = network.simulate(simulation, design, frames, kind, 10_000, regime=Regime("stalls", (0.3, 0.3)))
        assert network.compare(found.results.values, expected) == [], name
