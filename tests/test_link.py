"""The link beside the network: its timing, its parameters, and what it takes of a device."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hwcodesign import link, tools
from hwcodesign.assets import asset_folder
from hwcodesign.board import load_board
from hwcodesign.device import FAMILIES
from hwcodesign.emit import Interface
from hwcodesign.errors import DoesNotFitError, UserError
from hwcodesign.link_cost import ANSWERS, link_resources, require_room
from hwcodesign.plan import Resources
from hwcodesign.synthesis import counted, read_sources

DESIGN = "0123456789abcdef"
TIMING = link.Timing.at(25.0, 1_000_000)


@pytest.mark.parametrize(
    ("clock_mhz", "baud", "clocks_per_bit"),
    [(25.0, 1_000_000, 25), (12.0, 115_200, 104), (80.0, 3_000_000, 27), (12.0, 3_000_000, 4)],
)
def test_the_divider_is_the_nearest(clock_mhz: float, baud: int, clocks_per_bit: int) -> None:
    timing = link.Timing.at(clock_mhz, baud)
    assert timing == link.Timing(clocks_per_bit, round(clock_mhz * 50_000))


@pytest.mark.parametrize(("clock_mhz", "baud", "good"), [(8.0, 921_600, "1000000"), (6.0, 3_000_000, "1000000")])
def test_a_rate_that_the_clock_cannot_make_is_refused(clock_mhz: float, baud: int, good: str) -> None:
    with pytest.raises(UserError, match=rf"{baud} baud cannot be made from a clock of {clock_mhz:g} MHz .*{good}"):
        link.Timing.at(clock_mhz, baud)


def test_every_module_of_the_link_is_there() -> None:
    assert all((asset_folder("hls") / f"{module}.sv").is_file() for module in link.MODULES)


def test_the_queue_of_answers_is_as_long_as_the_host_believes() -> None:
    assert f"parameter int ANSWERS = {ANSWERS}," in (asset_folder("hls") / "serial_link.sv").read_text()


def test_two_designs_have_two_hashes(tmp_path: Path) -> None:
    for name, text in (("one", "1"), ("two", "2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "weights.hex").write_text(text)
    hashes = {link.design_hash(tmp_path / name) for name in ("one", "two", "one")}
    assert len(hashes) == 2 and all(int(value, 16) < 1 << 64 and len(value) == 16 for value in hashes)


@pytest.mark.parametrize("family", ["ecp5", "ice40"])
def test_the_estimate_is_what_synthesis_finds(family: str, tmp_path: Path) -> None:
    interface = Interface(3, 8, 3, 1024, 13, 2, 11)
    for module in link.MODULES:
        shutil.copyfile(asset_folder("hls") / f"{module}.sv", tmp_path / f"{module}.sv")
    parameters = link.parameters(interface, TIMING, DESIGN)
    sources = [f"{module}.sv" for module in link.MODULES if module != link.TOP]
    settings = " ".join(f"-set {name} {value}" for name, value in parameters.items())
    script = [read_sources(FAMILIES[family], sources), f"chparam {settings} serial_link"]
    script += [f"{FAMILIES[family].synthesis} -top serial_link", "tee -o cells.json stat -json"]
    (tmp_path / "link.ys").write_text("\n".join(script) + "\n")
    tools.run([tools.require(tools.YOSYS), "-q", "link.ys"], tmp_path, tmp_path / "yosys.log")
    modules = json.loads((tmp_path / "cells.json").read_text())["modules"]
    found = counted(modules["\\serial_link"]["num_cells_by_type"])
    estimate = link_resources(FAMILIES[family], interface)
    assert estimate.block_ram == found.block_ram
    assert abs(estimate.ff - found.ff) <= 4
    assert abs(estimate.lut - found.lut) <= 0.06 * found.lut


def test_a_network_that_leaves_no_room_for_the_link_is_refused() -> None:
    board, interface = load_board("icebreaker"), Interface(1, 8, 1, 256, 13, 2, 11)
    require_room(board, Resources(lut=4000, ff=3000, block_ram=29), interface)
    with pytest.raises(DoesNotFitError, match="31 of 30 block ram; plan for a lower frame rate"):
        require_room(board, Resources(lut=4000, ff=3000, block_ram=30), interface)


def test_weights_are_packets_that_the_link_can_number() -> None:
    interface = Interface(1, 8, 1, 4, 13, 2, 11, weight_frames=65_535)
    assert link.parameters(interface, TIMING, DESIGN)["WEIGHT_FRAMES"] == "65535"
    with pytest.raises(UserError, match="65536 packets of an image's 4 bytes, the link numbers 65535"):
        link.parameters(replace(interface, weight_frames=65_536), TIMING, DESIGN)
