"""Which boards have a toolchain, and what is missing in words."""

import pytest

from hwcodesign.bitstream.toolchain import toolchain_of
from hwcodesign.core import tools
from hwcodesign.core.errors import UserError
from hwcodesign.fpga import openxc7
from hwcodesign.fpga.board import Board, board_names, load_board


@pytest.mark.parametrize("name", board_names())
def test_every_board_has_its_familys_toolchain_or_says_that_there_is_none(name: str) -> None:
    board = load_board(name)
    if openxc7.NAME in board.toolchain:
        assert toolchain_of(board).programs == (tools.NEXTPNR_XILINX, tools.FASM2FRAMES, tools.XC7FRAMES2BIT)
    elif board.device.toolchain_of_part:
        with pytest.raises(UserError, match=f"{name} has no .link. of type uart"):
            toolchain_of(board)
    elif board.device.toolchain is None:
        with pytest.raises(UserError, match=f"no open tools make bitstreams for {name} .*Families that have some: "):
            toolchain_of(board)
    else:
        assert toolchain_of(board) is board.device.toolchain


@pytest.mark.parametrize(
    ("missing", "message"),
    [({"link": None}, r"has no \[link\] of type uart"), ({"nextpnr": ()}, "has no key 'nextpnr' in its file")],
)
def test_what_the_boards_file_lacks_is_named(missing: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        toolchain_of(Board(**load_board("ulx3s-85f").model_dump() | missing))
