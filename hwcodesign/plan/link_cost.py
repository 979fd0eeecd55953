"""What the host's link and the clock take of a device, beside the network: known before anything is built.

Of a serial link block RAM and flip-flops are counted. LUTs (of an iCE40, logic cells; of GateMate, halves of CPEs) are
a line through four links of 64 to 9,216 bytes an image that Yosys 0.70 mapped, within 6 % of each. Behind a Zynq's DMA
it is `dma_frames`, as Yosys maps it; AMD's DMA, interconnect and reset block are not counted.
"""

from collections.abc import Mapping

from hwcodesign.core.interface import Interface
from hwcodesign.dataflow import Dataflow
from hwcodesign.fpga.board import RESOURCES, Board
from hwcodesign.fpga.family import Family
from hwcodesign.fpga.memories import block_count
from hwcodesign.fpga.resources import Resources
from hwcodesign.graph.interface import interface_of
from hwcodesign.kinds import Folding, Memory, kind_of

_CRC_BYTES = 4
ANSWERS = 8  # requests that may wait for their answers: serial_link's default
_ANSWER_BITS = 19
# What does not depend on the design: both halves of the UART (25 clocks a bit), two CRCs, the time-out (21 bits),
# the transmitter's FIFO, kinds, numbers and states.
_FIXED_FF = 220
_DEAREST_LUTS = (873, 14.0)  # of a family whose link was never mapped: the dearest that was
CLOCK = Resources(lut=15, ff=9)  # the board's top level: how long the clock has been steady, and the reset
_DMA = Resources(lut=95, ff=34)  # without the counter of a frame's beats


def link_of(board: Board, design: Dataflow, foldings: Mapping[str, Folding]) -> Resources:
    """What link and clock of this design take on the board; nothing on a board without a link."""
    if board.link is None:
        return Resources()
    interface = interface_of(design, foldings)
    if board.link.type == "axi-dma":
        return dma_resources(interface)
    return serial_resources(board.device, interface) + CLOCK


def least_link(board: Board, dataflow: Dataflow) -> Resources:
    """Of each resource what `link_of` comes to at least, however the design is folded."""
    first, last = dataflow.layers[0], dataflow.layers[-1]
    foldings = kind_of(first.kind).foldings(first)
    links = [link_of(board, dataflow, {last.name: Folding(), first.name: folding}) for folding in foldings]
    return Resources(**{name: min(getattr(link, name) for link in links) for name in RESOURCES})


def dma_resources(interface: Interface) -> Resources:
    """What `dma_frames` takes, the part of a Zynq's link that is ours."""
    return _DMA + Resources(ff=_address_bits(interface.in_beats))


def serial_resources(family: Family, interface: Interface) -> Resources:
    """What the serial link of a design with these streams takes."""
    image_bytes = interface.in_bytes * interface.in_beats
    result_bytes = interface.out_bytes * interface.out_beats
    counters = (image_bytes + _CRC_BYTES + 2, image_bytes, interface.in_beats, max(result_bytes, 9))
    bits = sum(_address_bits(count) for count in counters)
    fixed, each = family.link_luts or _DEAREST_LUTS
    return Resources(
        lut=round(fixed + each * bits),
        ff=_FIXED_FF + bits + _queue_ff(family) + _beats_ff(interface),
        block_ram=block_count(family, Memory("image", image_bytes, 8, writable=True)),
    )


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
