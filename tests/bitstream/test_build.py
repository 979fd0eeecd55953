"""What is said of a bitstream; and one tiny network, really synthesized, placed, routed and packed."""

import hashlib
import json
from pathlib import Path

import pytest
from rich.console import Console

from hwcodesign.bitstream.build import build
from hwcodesign.bitstream.flow import BuildRequest
from hwcodesign.bitstream.stage import require_timing
from hwcodesign.core import tools
from hwcodesign.core.errors import VerificationError
from hwcodesign.core.run_folder import RunFolder
from hwcodesign.dataflow import Dataflow
from hwcodesign.emit.top_level import emit
from hwcodesign.flow.report import report_table
from hwcodesign.fpga.board import load_board
from hwcodesign.fpga.resources import Resources
from hwcodesign.graph.predict import predict
from hwcodesign.graph.random_tensors import randomised
from hwcodesign.nets.network import Quantization
from hwcodesign.nets.squeezenet import SqueezeNet
from hwcodesign.plan import plan
from tests.bitstream.fakes import Workbench


def one_fire_module() -> Dataflow:
    """The smallest network that has every part."""
    family = SqueezeNet(
        base_e=4, incr_e=0, SR=0.5, fire_modules=1, conv1_filters=4, conv1_kernel=3, conv1_stride=2, conv1_pad=0,
        pool_after=(), pool_kernel=2, pool_stride=2, bypass="none",
    )  # fmt: skip
    return randomised(predict(family.describe((7, 7, 1), 3), Quantization(2, 2)), 1)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    return Workbench(tmp_path, monkeypatch)


def built(bench: Workbench, **request: float) -> dict[str, object]:
    folder = bench.folder / "bitstream"
    folder.mkdir()
    return build(bench.request(**request), bench.plan, RunFolder(bench.folder / "phases"), folder)


def test_the_record_of_a_bitstream(bench: Workbench) -> None:
    made = built(bench)
    folder = bench.folder / "bitstream"
    document = json.loads((folder / "utilisation.json").read_text())
    assert made.items() <= document.items()
    assert document["sha256"] == hashlib.sha256((folder / "design.bit").read_bytes()).hexdigest()
    assert (document["clock_mhz"], document["fmax_mhz"], document["timing_met"]) == (50, 90, True)
    assert Resources(**document["layers"]["conv1"]) == Resources(lut=1, ff=1)
    assert document["overhead"]["(link)"]["lut"] == 1
    used = document["resources"]["lut"]
    assert (used["used"], used["network"]) == (2, 1)
    assert (used["planned"], used["link_planned"]) == (bench.plan.resources.lut, bench.plan.link.lut)
    assert [(w["tool"], w["count"]) for w in document["warnings"]] == [("yosys", 1)]
    assert {path.name for path in folder.iterdir()} >= {"design.bit", "yosys.log", "nextpnr.log", "pack.log"}


def test_a_missed_clock_names_the_layers_and_the_clock_that_would_hold(bench: Workbench) -> None:
    bench.reaches(47.0)
    made = built(bench)
    assert made["timing_met"] is False
    assert "in conv1, from acc_q to valid_q; --clock-mhz 46.875 would hold" in str(made["timing"])
    assert (bench.folder / "bitstream" / "design.bit").exists(), "for whoever wants to try it all the same"
    with pytest.raises(VerificationError, match=r"timing missed: planned for 50 MHz, reached 47 MHz\n.* in conv1"):
        require_timing(made)


def test_the_table_shows_the_clock_and_what_was_planned(bench: Workbench) -> None:
    console = Console(record=True, width=150)
    console.print(report_table({"bitstream": built(bench)}, "run"))
    text = console.export_text()
    assert "90 MHz reached, 50 MHz planned" in text
    planned, link = bench.plan.resources.lut, bench.plan.link.lut
    assert f"2 of 83,640 lut (network 1, planned {planned:,}; the rest 1, planned {link:,})" in text
    assert "1 of 1 sorts" in text


@pytest.mark.needs(tools.YOSYS, tools.NEXTPNR_ICE40, tools.ICEPACK)
def test_a_tiny_network_becomes_a_bitstream(tmp_path: Path) -> None:
    made, folder = plan(one_fire_module(), load_board("icebreaker"), frame_rate=100), tmp_path / "bitstream"
    emit(made.design, made.foldings, made.storage, tmp_path / "emitted")
    folder.mkdir()
    request = BuildRequest(load_board("icebreaker"), tmp_path / "emitted", made.clock_mhz, 1)
    found = build(request, made, RunFolder(tmp_path / "phases"), folder)
    assert found["timing_met"]
    assert bytes.fromhex("7eaa997e") in (folder / "design.bin").read_bytes()[:64], "what an iCE40 waits for"
    for name in ("block_ram", "dsp"):
        assert found["resources"][name]["network"] == found["resources"][name]["planned"]
    layers = json.loads((folder / "utilisation.json").read_text())["layers"]
    assert {layer.name for layer in made.design.layers if layer.kind == "mvau"} <= layers.keys()
