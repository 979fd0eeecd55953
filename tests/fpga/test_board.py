"""Boards: every file loads and is sane, and bad ones say what is wrong."""

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.fpga import board as boards
from hwcodesign.fpga.board import board_names, load_board

GOOD = """
title = "A board"
part = "xc7z020clg400-1"
family = "xilinx7"
clock_mhz = 100.0
toolchain = ["vivado"]
[resources]
lut = 100
ff = 200
dsp = 10
block_ram = 9
[limits]
lut = 0.7
ff = 0.5
dsp = 0.8
block_ram = 0.8
"""


@pytest.mark.parametrize("name", board_names())
def test_every_board_is_whole(name):
    board = load_board(name)
    assert board.name == name
    assert all(0 < board.usable[r] <= getattr(board.resources, r) for r in ("lut", "ff", "block_ram"))
    assert (0 < board.usable["dsp"] <= board.resources.dsp) or board.resources.dsp == 0
    assert bool(board.resources.large_ram) <= bool(board.device.large_ram), "large memories need a family that has them"


def test_the_boards_that_ship():
    assert board_names() == [
        *("arty-a7-100", "arty-a7-35", "basys3", "butterstick", "cmod-a7", "colorlight-i5", "colorlight-i9"),
        *("crosslink-nx-evn", "gatemate-a1-evb", "icebreaker", "icepi-zero", "kv260"),
        *(
            "orangecrab-25f",
            "orangecrab-85f",
            "pynq-z1",
            "pynq-z1-pmod",
            "pynq-z2",
            "tang-nano-20k",
            "tang-nano-9k",
            "ultra96-v2",
        ),
        *("ulx3s-12f", "ulx3s-25f", "ulx3s-45f", "ulx3s-85f", "zcu104", "zybo-z7-20", "zybo-z7-20-pmod"),
    ]


@pytest.mark.parametrize("name", board_names())
def test_every_board_has_a_link_whose_pins_two_sources_agree_on(name):
    board = load_board(name)
    assert board.link is not None
    if board.link.type == "uart":
        assert set(board.pins) >= {"clk_i", "rx_i", "tx_o"}
        assert len(set(board.pins.values())) == len(board.pins), "one pin for one port"
        assert len(board.pins_from) >= 2
        assert board.programmer
    else:
        assert not board.pins, "clock and link come from the processors"


def test_an_unknown_board_names_the_nearest():
    with pytest.raises(UserError, match="no board 'ulx3s85f': did you mean 'ulx3s-85f'"):
        load_board("ulx3s85f")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('family = "xilinx7"', 'family = "xilinx6"', "did you mean 'xilinx7'"),
        ("block_ram = 9", "bram = 9", "unknown key 'resources.bram'"),
        ("lut = 0.7", "lut = 1.7", r"limits.lut = 1.7: must be less than or equal to 1"),
        ("clock_mhz = 100.0", "", "the key 'clock_mhz' is missing"),
        ("[limits]", '[link]\ntype = "uart"\nrx = "A1"\n[limits]', "link = .*: must be a uart with baud, rx and tx"),
        ("[limits]", '[link]\ntype = "axi-dma"\nbaud = 9600\n[limits]', "must be axi-dma without baud, rx and tx"),
        ("[limits]", '[link]\ntype = "uar"\n[limits]', "link.type = 'uar': did you mean 'uart'"),
        ("[limits]", '[oscillator]\npin = "A1"\nmhz = 25\n[limits]', "name them in pins_from"),
        (
            "[limits]",
            '[link]\ntype = "uart"\nbaud = 9600\nrx = "V12"\ntx = "V12"\n[limits]',
            "a pin of its own for each port; V12 is that of rx_i and tx_o",
        ),
        ("[limits]", '[oscillator]\npn = "A1"\nmhz = 25\n[limits]', "unknown key 'oscillator.pn': did you mean 'pin'"),
    ],
)
def test_a_bad_board_file_says_which_key(tmp_path, monkeypatch, old, new, message):
    (tmp_path / "mine.toml").write_text(GOOD.replace(old, new))
    monkeypatch.setattr(boards, "asset_folder", lambda name: tmp_path)
    with pytest.raises(UserError, match=message):
        load_board("mine")


def test_usable_is_the_amount_times_the_limit(tmp_path, monkeypatch):
    (tmp_path / "mine.toml").write_text(GOOD)
    monkeypatch.setattr(boards, "asset_folder", lambda name: tmp_path)
    board = load_board("mine")
    assert [board.usable[r] for r in ("lut", "ff", "dsp", "block_ram")] == [70, 100, 8, 7]


OWN = GOOD.replace("[limits]", '[oscillator]\npin = "A1"\nmhz = 25.0\n[limits]').replace(
    "[resources]", 'pins_from = ["its schematic"]\n[resources]'
)


def test_a_users_board_is_a_file_from_anywhere(tmp_path, monkeypatch):
    (tmp_path / "mine.toml").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    board = load_board("./mine.toml")
    assert board.name == str(tmp_path / "mine.toml")
    monkeypatch.chdir("/")
    assert load_board(board.name) == board


def test_one_source_is_enough_for_a_users_board_and_none_is_not(tmp_path):
    (tmp_path / "mine.toml").write_text(OWN.replace('pins_from = ["its schematic"]', ""))
    with pytest.raises(UserError, match="a source or more: name them in pins_from"):
        load_board(str(tmp_path / "mine.toml"))
    with pytest.raises(UserError, match=r"there is no file .*other.toml"):
        load_board(str(tmp_path / "other.toml"))
