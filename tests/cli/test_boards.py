import json

from click.testing import CliRunner

from hwcodesign.cli.boards import command
from hwcodesign.fpga.board import board_names, load_board


def test_every_board_is_listed_with_what_it_has() -> None:
    listed = json.loads(CliRunner().invoke(command, ["--json"]).stdout)
    assert [board["name"] for board in listed] == board_names()
    assert all(board["resources"]["lut"] == load_board(board["name"]).resources.lut for board in listed)
    shown = CliRunner().invoke(command, []).stdout
    flowing = "".join(shown.split())  # a narrow terminal folds names
    assert all(load_board(name).family[:4] in flowing for name in board_names())
    assert "icebreaker" in flowing


def test_one_board_is_shown_with_its_pins() -> None:
    shown = CliRunner().invoke(command, ["icebreaker"]).stdout
    assert "4 SPRAM" not in shown
    assert load_board("icebreaker").pins["rx_i"] in shown
    assert "icestorm" in shown
