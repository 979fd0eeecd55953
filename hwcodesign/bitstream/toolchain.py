"""The programs that make a board's bitstream."""

from hwcodesign.core.errors import UserError
from hwcodesign.fpga.board import Board
from hwcodesign.fpga.families import FAMILIES
from hwcodesign.fpga.family import Toolchain


def toolchain_of(board: Board) -> Toolchain:
    """The toolchain of the board's family.

    Raises UserError if no open one makes its bitstreams, or if the board's file lacks the link or the part.
    """
    device = board.device
    chain = device.toolchain or (device.toolchain_of_part(board.part) if device.toolchain_of_part else None)
    if chain is None:
        open_ones = ", ".join(name for name, family in FAMILIES.items() if family.toolchain or family.toolchain_of_part)
        raise UserError(
            f"no open tools make bitstreams for {board.name} ({board.part}): its toolchain is "
            f"{', '.join(board.toolchain)}. Families that have some: {open_ones}"
        )
    if board.link is None or board.link.type != "uart":
        raise UserError(f"{board.name} has no [link] of type uart in its file: a host could not talk to the design")
    if device.toolchain and not board.nextpnr:
        raise UserError(f"{board.name} has no key 'nextpnr' in its file: the arguments that name its part")
    return chain
