"""What the link takes, as Yosys finds it; and that a plan counts it wherever it counts the network."""

import json
import shutil
from pathlib import Path

import pytest

from hwcodesign.bitstream import serial_link
from hwcodesign.bitstream.yosys import counted, read_sources
from hwcodesign.check.check import measure
from hwcodesign.core import tools
from hwcodesign.core.assets import asset_folder, hls_source
from hwcodesign.core.interface import Interface
from hwcodesign.fpga.board import RESOURCES, Board, load_board
from hwcodesign.fpga.families import FAMILIES
from hwcodesign.fpga.resources import Resources
from hwcodesign.graph.interface import interface_of
from hwcodesign.plan import Plan, plan
from hwcodesign.plan.link_cost import CLOCK, dma_resources, least_link, link_of, serial_resources
from tests.graphs import one_fire, tiny_squeezenet

GREY, COLOUR = Interface(1, 8, 1, 256, 13, 2, 11), Interface(3, 8, 3, 1024, 13, 2, 11)


def synthesised(family: str, top: str, parameters: dict[str, str], sources: list[Path], folder: Path) -> Resources:
    for source in sources:
        shutil.copyfile(source, folder / source.name)
    values = " ".join(f"-set {name} {value}" for name, value in parameters.items())
    script = [read_sources(FAMILIES[family], [source.name for source in sources]), f"chparam {values} {top}"]
    script += [f"{FAMILIES[family].synthesis} -top {top}", "write_json netlist.json"]
    (folder / "link.ys").write_text("\n".join(script) + "\n")
    tools.run([tools.require(tools.YOSYS), "-q", "link.ys"], folder, folder / "yosys.log")
    return counted(FAMILIES[family], json.loads((folder / "netlist.json").read_text())["modules"][top])


@pytest.mark.parametrize(
    "family",
    ["ecp5", "ice40", *(pytest.param(f, marks=pytest.mark.slow) for f in ("gw2a", "xilinx7", "nexus", "gatemate"))],
)
def test_the_estimate_is_what_synthesis_finds(family: str, tmp_path: Path) -> None:
    sources = [hls_source(module) for module in serial_link.MODULES if module != serial_link.TOP]
    parameters = serial_link.parameters(COLOUR, serial_link.UartTiming.at(25.0, 1_000_000), "0123456789abcdef")
    found = synthesised(family, "serial_link", parameters, sources, tmp_path)
    estimate = serial_resources(FAMILIES[family], COLOUR)
    assert estimate.block_ram == found.block_ram
    assert abs(estimate.ff - found.ff) <= 4
    assert abs(estimate.lut - found.lut) <= 0.06 * found.lut


@pytest.mark.slow
def test_the_part_of_a_dma_that_is_ours_is_what_synthesis_finds(tmp_path: Path) -> None:
    sources = [asset_folder("boards") / "zynq" / "dma_frames.sv", hls_source("frame_last")]
    parameters = {"IN_BYTES": "3", "IN_BUS_BYTES": "4", "IN_BEATS": "1024", "OUT_BYTES": "2", "OUT_BUS_BYTES": "2"}
    found, estimate = synthesised("xilinx7", "dma_frames", parameters, sources, tmp_path), dma_resources(COLOUR)
    assert estimate.ff == found.ff
    assert abs(estimate.lut - found.lut) <= 0.06 * found.lut


def without_link(board: Board) -> Board:
    return board.model_copy(update={"link": None})


@pytest.mark.parametrize("name", ["icebreaker", "ulx3s-85f", "pynq-z1"])
def test_a_plan_and_its_check_count_the_link(name: str) -> None:
    board = load_board(name)
    made = plan(tiny_squeezenet(), board, frame_rate=1000)
    interface = interface_of(made.design, made.foldings)
    serial = board.link is not None and board.link.type == "uart"
    assert made.link == (serial_resources(board.device, interface) + CLOCK if serial else dma_resources(interface))
    report = measure(made, board)
    assert report.link == made.link
    assert report.total == made.total == made.resources + made.link


def test_a_board_without_a_link_has_all_its_room_for_the_network() -> None:
    made = plan(tiny_squeezenet(), without_link(load_board("icebreaker")), frame_rate=1000)
    assert made.link == Resources() and made.total == made.resources


def test_a_network_that_fits_without_its_link_alone_does_not_fit() -> None:
    """The design may have as many LUTs as network and link need, and then one fewer, with no block RAM to flee to."""
    board = load_board("ulx3s-25f").leaving({"block_ram": 1, "dsp": 0})
    free = plan(tiny_squeezenet(), board, frame_rate=1000)
    assert free.link.lut > 0 and free.total.block_ram == 1
    for luts, over in ((free.total.lut, ()), (free.total.lut - 1, ("lut",))):
        again = board.leaving({**board.at_most, "lut": luts})
        made = plan(tiny_squeezenet(), again, frame_rate=1000)
        assert made.total.lut == free.total.lut
        assert measure(made, again).over == over


@pytest.mark.parametrize("exact", [False, True])
def test_memories_leave_a_block_for_the_link(exact: bool) -> None:
    """Of six blocks five are for the network: what does not find room there lies in LUTs."""
    board = load_board("icebreaker")
    resources = board.resources.model_copy(update={"block_ram": 6})
    made = plan(one_fire(8, 1), board.model_copy(update={"resources": resources}), frame_rate=100, exact=exact)
    assert made.link.block_ram == 1
    assert 0 < made.resources.block_ram <= 5
    assert any(memory.block_bits == 0 for memories in made.storage.values() for memory in memories.values())


def test_no_folding_has_less_of_a_link_than_the_least() -> None:
    board, graph = load_board("tang-nano-20k"), one_fire(8, 3)
    least = least_link(board, graph)
    for rate in (100, 1000, 10_000):
        made = plan(graph, board, frame_rate=rate)
        assert all(getattr(least, name) <= getattr(made.link, name) for name in RESOURCES)
        assert made.link == link_of(board, made.design, made.foldings)


def test_the_link_is_saved_with_the_plan(tmp_path: Path) -> None:
    made = plan(tiny_squeezenet(), load_board("icebreaker"), frame_rate=1000)
    made.save(tmp_path)
    assert Plan.load(tmp_path).link == made.link
