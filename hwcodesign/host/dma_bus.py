"""The bus between a Zynq's DMA and the network: as wide as a DMA can be that carries the network's beats.

A DMA's streams are a power of two of bytes wide (AMD PG021): 1 to 128. Each beat of the network travels in the low
bytes of one bus beat; each score is sign-extended. See boards/zynq/dma_frames.sv.
"""

from dataclasses import dataclass

from hwcodesign.core.errors import UserError
from hwcodesign.core.interface import Interface

WIDEST_BUS_BYTES = 128
_NARROWEST_MEMORY_BITS = 64  # the memory port of a Zynq-7000 at its full width


@dataclass(frozen=True)
class Bus:
    """Bytes of a beat on the DMA's two streams, and how the host lays frames and scores out in memory."""

    in_bytes: int
    out_bytes: int

    @property
    def in_memory_bits(self) -> int:
        """Width of the DMA's reads from memory, never below that of its stream."""
        return max(_NARROWEST_MEMORY_BITS, 8 * self.in_bytes)

    @property
    def out_memory_bits(self) -> int:
        """Width of the DMA's writes."""
        return max(_NARROWEST_MEMORY_BITS, 8 * self.out_bytes)


def bus_of(interface: Interface) -> Bus:
    """The DMA's streams for the emitted top level. Raises UserError for a beat wider than a DMA can carry."""
    widths = [1 << (size - 1).bit_length() for size in (interface.in_bytes, interface.out_bytes)]
    if max(widths) > WIDEST_BUS_BYTES:
        raise UserError(
            f"a beat of this design is {max(interface.in_bytes, interface.out_bytes)} bytes wide, an AXI DMA's at most "
            f"{WIDEST_BUS_BYTES}: fold the first layer to fewer lanes ([hardware] fold in the recipe)"
        )
    return Bus(*widths)
