"""The programs that make a board's bitstream."""

from hwcodesign.core.errors import UserError
from hwcodesign.fpga.board import Board
from hwcodesign.fpga.families import FAMILIES
from hwcodesign.fpga.family import Toolchain


def toolchain_of(board: Board) -> Toolchain:
    """The toolchain of the board's family.

    Raises UserError if no open one makes its bitstreams, or if the board's file lacks the link or the part.
    """
    chain = board.device.toolchain
    if chain is None:
        open_ones = ", ".join(name for name, family in FAMILIES.items() if family.toolchain)
        raise UserError(
            f"no open tools make bitstreams for {board.name} ({board.part}): its toolchain is "
            f"{', '.join(board.toolchain)}. Families that have some: {open_ones}"
        )
    if board.link is None or board.link.type != "uart":
        raise UserError(f"{board.name} has no [link] of type uart in its file: a host could not talk to the design")
    if not board.nextpnr:
        raise UserError(f"{board.name} has no key 'nextpnr' in its file: the arguments that name its part")
    return chain
