"""The width of the bus between a DMA and the network."""

from dataclasses import replace

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.core.interface import Interface
from hwcodesign.host.dma_bus import Bus, bus_of

INTERFACE = Interface(
    in_lanes=3, in_element_bits=8, in_bytes=3, in_beats=16, out_element_bits=9, out_bytes=2, out_beats=11
)


@pytest.mark.parametrize(("size", "bus"), [(1, 1), (2, 2), (3, 4), (5, 8), (64, 64), (65, 128), (128, 128)])
def test_the_bus_is_the_next_power_of_two(size: int, bus: int) -> None:
    assert bus_of(replace(INTERFACE, in_bytes=size)) == Bus(bus, 2)


def test_memory_is_read_no_narrower_than_the_stream() -> None:
    assert (Bus(4, 2).in_memory_bits, Bus(16, 2).in_memory_bits, Bus(4, 16).out_memory_bits) == (64, 128, 128)


def test_a_beat_wider_than_a_dma_is_refused() -> None:
    with pytest.raises(UserError, match="129 bytes wide, an AXI DMA's at most 128: fold the first layer"):
        bus_of(replace(INTERFACE, in_bytes=129))
