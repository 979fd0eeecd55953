"""What a memory takes of a family's block RAM, large RAM or LUTs, and the logic that joins its parts.

Memories are simple dual-port (one write, one read) or ROMs with a registered read, as the kernels use them.
"""

import math
from functools import cache
from typing import NamedTuple

from hwcodesign.fpga.family import BlockShape, Family, LutRam
from hwcodesign.kinds import Logic, Memory, Storage

# Ways of a loaded memory in large RAM: see hls/cells/loaded_memory.sv.
ONE_PORT, TWO_PORTS, HALVES = 1, 2, 3
_LOADING_LUTS = 6  # its states, and the gates at the kernel's control: Yosys' count


class Layout(NamedTuple):
    """A memory in `primitives` of one shape. `parts` lie side by side, as it is deeper than that: one LUT joins few."""

    shape: BlockShape
    parts: int
    primitives: int

    def price(self, memory: Memory) -> float:
        """What Yosys (memory_libmap) minimises: half a LUT for each two bits to join, and for each part to write."""
        joined = (self.parts - 1) * memory.width + (self.parts if memory.writable and self.parts > 1 else 0)
        return self.shape.price * self.primitives + joined / 2


def block_count(family: Family, memory: Memory) -> int:
    """Block RAMs that `memory` takes."""
    return block_memory(family, memory)[0]


@cache
def block_memory(family: Family, memory: Memory) -> tuple[int, Logic]:
    """Block RAMs that `memory` takes, and the logic that joins their words: as Yosys lays it out.

    It takes primitives of one shape. Parts of a memory too deep for one lie side by side, its columns shared between
    them: 24,000 words of 6 bits are 12 parts of 2,048 words, so 72 columns, so 8 blocks of 2048 x 9. But parts that are
    written share no write lane.
    """
    layouts = (_layout(shape, memory, min(shape.width, family.write_lane)) for shape in family.block_shapes)
    best = min(layouts, key=lambda layout: layout.price(memory))
    return best.primitives * best.shape.blocks, _join(family, memory, best.parts)


def large_memory(family: Family, memory: Memory, way: int = 0) -> tuple[int, Logic]:
    """Large RAMs that `memory` takes, written or loaded in this `way` (see Storage), and the logic around them.

    That is what joins their words and, of a loaded memory, the register in which a word is put together.
    """
    assert family.large_shape and (memory.writable or way), "large RAM is for memories that are written or loaded"
    shape, written = family.large_shape, memory._replace(writable=True)
    if way == HALVES:
        written = written._replace(words=2 * _power_of_two(memory.words), width=-(-memory.width // 2))
    layouts = (_layout(shape, written, lane) for lane in family.large_lanes)
    best = min(layouts, key=lambda layout: layout.primitives)
    join = _join(family, written, best.parts)
    loading = _loading(memory, way) if way else Logic(0, 0)
    return best.primitives, Logic(join.lut + loading.lut, join.ff + loading.ff)


def large_storage(family: Family, memory: Memory) -> Storage | None:
    """All of `memory` in large RAM, where it can be there; None if not.

    A loaded memory that is wider than one RAM and at most half as deep is kept in halves, side by side in depth.
    """
    shape = family.large_shape
    if shape is None or not (memory.loadable or (memory.writable and family.large_ports > 1)):
        return None
    whole = Storage.whole(memory, large=True)
    if memory.writable or memory.words < 2:
        return whole if memory.writable else None
    if family.large_ports == 1:
        return whole._replace(way=ONE_PORT)
    halves = memory.width > shape.width and 2 * _power_of_two(memory.words) <= shape.words
    return whole._replace(way=HALVES if halves else TWO_PORTS)


def _power_of_two(words: int) -> int:
    return 1 << (words - 1).bit_length()


def _loading(memory: Memory, way: int) -> Logic:
    """What loaded_memory.sv has besides the RAM: a word's register, which beat of it comes, three states; and `way`."""
    beats, address = max(1, (memory.width - 1).bit_length() - 3), (memory.words - 1).bit_length()
    return Logic(beats + _LOADING_LUTS, memory.width + beats + 2 + (address + 1 if way == TWO_PORTS else 0))


def _layout(shape: BlockShape, memory: Memory, lane: int) -> Layout:
    parts = -(-memory.words // shape.words)
    columns = -(-memory.width // lane) * lane if memory.writable else memory.width
    return Layout(shape, parts, -(-parts * columns // shape.width))


def _join(family: Family, memory: Memory, parts: int) -> Logic:
    """Multiplexers over `parts`, their registered select, and for a written memory a decoder."""
    if parts == 1:
        return Logic(0, 0)
    decoder = parts if memory.writable else 0
    return Logic(memory.width * -(-(parts - 1) // (family.mux_ways - 1)) + decoder, (parts - 1).bit_length())


def lut_memory(family: Family, memory: Memory) -> Logic:
    """LUTs and flip-flops that `memory` takes outside block RAM, with the multiplexers that join its parts.

    Of a ROM's contents only equal and constant columns are counted out. The read register is one flip-flop a bit.
    Single ROMs and RAMs come out within a few per cent, at worst a third, of what Yosys 0.70 makes of them.
    """
    if not memory.writable:
        columns, parts = _different_columns(memory), -(-memory.words // family.lut_rom_words)
        free = memory.words <= family.free_mux_words
        each = 1 << (parts - 1).bit_length() if free else parts * family.deep_rom
        return Logic(math.ceil(columns * each), columns)
    if not family.lut_rams:
        return Logic(memory.width * 2 * memory.words, memory.width * (memory.words + 1))
    return min((_in_lut_rams(family, shape, memory) for shape in family.lut_rams), key=lambda cost: cost.lut)


def _different_columns(memory: Memory) -> int:
    """How many of a random ROM's columns are expected to be neither constant nor equal to another one.

    Synthesis keeps one of each. Of k = 2**words possible columns, w random draws hit k * (1 - (1 - 1/k)**w).
    """
    if memory.words > 30:
        return memory.width
    kinds = 1 << memory.words
    return round((kinds - 2) * (1 - (1 - 1 / kinds) ** memory.width))


def _in_lut_rams(family: Family, shape: LutRam, memory: Memory) -> Logic:
    pieces = -(-memory.words // shape.words)
    columns = -(-memory.width // shape.width)
    joined = memory.width * -(-(pieces - 1) // (family.mux_ways - 1))
    return Logic(pieces * columns * shape.luts + joined, memory.width)
