"""What the serial link takes of a device: block RAM and flip-flops by arithmetic, LUTs as Yosys found them.

The LUTs are a line through four links of 64 to 9,216 bytes an image that Yosys 0.70 mapped, within 6 % of each.
"""

from collections.abc import Mapping

from hwcodesign.board import Board
from hwcodesign.device import Family, block_count
from hwcodesign.emit import Interface
from hwcodesign.errors import DoesNotFitError
from hwcodesign.kinds import Memory
from hwcodesign.plan.memory import RESOURCES, Resources

_CRC_BYTES = 4
ANSWERS = 8  # requests that may wait for their answers: serial_link's default
_ANSWER_BITS = 19
# What does not depend on the design: both halves of the UART (25 clocks a bit), two CRCs, the time-out (21 bits),
# the transmitter's FIFO, kinds, numbers and states.
_FIXED_FF = 220
_LUTS: Mapping[str, tuple[int, float]] = {  # by family: fixed, and for each bit of a counter
    "ecp5": (390, 3.0),
    "ice40": (441, 4.2),
    "xilinx7": (315, 2.2),
    "ultrascale-plus": (315, 2.2),
    "gw1n": (685, 1.0),
    "gw2a": (685, 1.0),
}


def link_resources(family: Family, interface: Interface) -> Resources:
    """What the link of a design with these streams takes."""
    image_bytes = interface.in_bytes * interface.in_beats
    result_bytes = interface.out_bytes * interface.out_beats
    counters = (image_bytes + _CRC_BYTES + 2, image_bytes, interface.in_beats, max(result_bytes, 9))
    bits = sum(_address_bits(count) for count in counters)
    fixed, each = _LUTS[family.name]
    return Resources(
        lut=round(fixed + each * bits),
        ff=_FIXED_FF + bits + _queue_ff(family) + _beats_ff(interface),
        block_ram=block_count(family, Memory("image", image_bytes, 8, writable=True)),
    )


def require_room(board: Board, network: Resources, interface: Interface) -> None:
    """Raise DoesNotFitError if the network and its link together take more than the part has.

    The planner's limits leave room for the link; this is for a design that was forced, or is at the very limit.
    """
    both = network + link_resources(board.device, interface)
    short = [
        f"{getattr(both, name)} of {getattr(board.resources, name)} {name.replace('_', ' ')}"
        for name in RESOURCES
        if getattr(both, name) > getattr(board.resources, name)
    ]
    if short:
        raise DoesNotFitError(f"{board.name} has no room for the network and its serial link: they need "
                              f"{', '.join(short)}; plan for a lower frame rate")  # fmt: skip


def _queue_ff(family: Family) -> int:
    """The queue of answers, where no LUT is a memory."""
    return 0 if family.lut_rams else (ANSWERS - 1) * _ANSWER_BITS


def _beats_ff(interface: Interface) -> int:
    """The registers of whole beats: a pair behind the network, and a converter where a beat is more than a byte."""
    widen, narrow = interface.in_bytes, interface.out_bytes
    ff = 2 * 8 * narrow + 2
    if widen > 1:
        ff += 8 * (2 * widen - 1) + 1 + _address_bits(widen)
    if narrow > 1:
        ff += 8 * narrow + 1 + _address_bits(narrow)
    return ff


def _address_bits(count: int) -> int:
    return max(1, (count - 1).bit_length())
