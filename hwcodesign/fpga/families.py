"""FPGA families: the shapes that their memories take, and what those cost.

A family is data; `block_memory`, `large_memory` and `lut_memory` turn a memory of words x width into what it takes.
Memories are simple dual-port (one write, one read) or ROMs with a registered read, as the kernels use them.
"""

import math
from dataclasses import dataclass, replace
from functools import cache

from hwcodesign.kinds import Logic, Memory, Storage


@dataclass(frozen=True)
class BlockShape:
    """`words` x `width` bits in one primitive, which is `blocks` block RAMs; `price` is what Yosys weighs it at."""

    words: int
    width: int
    price: int
    blocks: int = 1


@dataclass(frozen=True)
class LutRam:
    """Writable memory made of LUTs: `words` x `width` bits in every `luts` LUTs."""

    words: int
    width: int
    luts: int


@dataclass(frozen=True, eq=False)  # there is one of each, so it is itself or another, and hashes fast
class Family:
    """`block_shapes` are those of its block RAM, written in lanes of `write_lane` bits; a LUT is a ROM of
    `lut_rom_words` bits.

    Up to `free_mux_words` words, LUTs are joined by dedicated multiplexers; beyond, a ROM takes `deep_rom` times its
    LUTs. Of other signals one LUT joins `mux_ways`.
    `multiplier_bits` are those of the wider signed operand of a hardware multiplier.
    `synthesis` is the Yosys command that maps a design to the family.
    `cells_of_both`: a logic cell holds one LUT and one flip-flop, which share it only if the LUT drives the flip-flop
    alone; all amounts of LUTs are then of logic cells.
    `large_ram` is the name of big memories that cannot be initialised (so weights in them are loaded after reset), or
    ""; `large_shape` is theirs, `large_lanes` the widths of the lanes that they can be written in. Of `large_ports`
    each reads or writes; with one, a memory is not read and written at once.
    """

    name: str
    block_name: str
    block_shapes: tuple[BlockShape, ...]
    write_lane: int
    lut_rom_words: int
    free_mux_words: int
    deep_rom: float
    mux_ways: int
    lut_rams: tuple[LutRam, ...]
    multiplier_bits: int
    synthesis: str
    large_ram: str = ""
    large_shape: BlockShape | None = None
    large_lanes: tuple[int, ...] = ()
    large_ports: int = 0
    cells_of_both: bool = False

    @property
    def block_bits(self) -> int:
        """Bits of one block RAM in its widest shape (parity bits included)."""
        return max(shape.words * shape.width // shape.blocks for shape in self.block_shapes)

    @property
    def large_bits(self) -> int:
        """Bits of one large RAM; 0 if there is none."""
        return self.large_shape.words * self.large_shape.width if self.large_shape else 0


def _shapes(price: int, blocks: int, *sizes: tuple[int, int]) -> tuple[BlockShape, ...]:
    return tuple(BlockShape(words, width, price, blocks) for words, width in sizes)


_18K = ((16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18), (512, 36))
_36K = ((32768, 1), (16384, 2), (8192, 4), (4096, 9), (2048, 18), (1024, 36), (512, 72))
_XILINX_BLOCKS = _shapes(129, 1, *_18K) + _shapes(257, 2, *_36K)
_DP16KD = _shapes(128, 1, *_18K)
_EBR = _shapes(64, 1, (2048, 2), (1024, 4), (512, 8), (256, 16))
# Without a clock to reach, abc9 trades area for the speed of every path of every module; with one (50 MHz, in
# picoseconds), a kernel takes by itself what it takes in a network.
_CLOCK = "scratchpad -set abc9.D 20000; "
_ECP5 = f"{_CLOCK}synth_ecp5"
_XILINX = "synth_xilinx -flatten -noiopad -noclkbuf -family"
# Gowin UG285 (BSRAM and SSRAM), UG288 (CFU): BSRAM in semi dual-port mode; wide multiplexers join up to sixteen LUT4. A
# CFU makes 16x4 bits of RAM, and nextpnr puts nothing else into it: eight LUTs.
_GOWIN = ("BSRAM", _DP16KD, 9, 16, 256, 1.5, 2, (LutRam(16, 4, 8),), 18)
# RAM32M and RAM64M: the three read ports of four LUTs in a SLICEM (AMD UG474 and UG574, distributed RAM).
_XILINX_LUT_RAMS = (LutRam(32, 6, 4), LutRam(64, 3, 4))

# Ways of a loaded memory in large RAM: see hls/cells/loaded_memory.sv.
ONE_PORT, TWO_PORTS, HALVES = 1, 2, 3
_LOADING_LUTS = 6  # its states, and the gates at the kernel's control: Yosys' count

FAMILIES = {
    family.name: family
    for family in (
        # AMD UG473 (7 series memory), UG474: RAMB18E1 in simple dual-port mode; F7/F8 multiplexers join four LUT6.
        # UG479: DSP48E1 multiplies 25 x 18 bits.
        Family(
            "xilinx7",
            "BRAM18",
            _XILINX_BLOCKS,
            9,
            64,
            256,
            1.22,
            4,
            _XILINX_LUT_RAMS,
            25,
            f"{_XILINX} xc7",
        ),
        # AMD UG573: RAMB18E2 as above. UltraRAM powers up as zeros, so it can hold no ROM; its two ports are written in
        # lanes of 8 or 9 bits. (F9 joins eight LUT6, but Yosys does not use it.)
        # UG579: DSP48E2 multiplies 27 x 18 bits.
        Family(
            "ultrascale-plus",
            "BRAM18",
            _XILINX_BLOCKS,
            9,
            64,
            256,
            1.22,
            4,
            _XILINX_LUT_RAMS,
            27,
            f"{_XILINX} xcup -uram",
            "URAM",
            BlockShape(4096, 72, 1024),
            (8, 9),
            2,
        ),
        # Lattice FPGA-TN-02204 (ECP5 memory): DP16KD as pseudo dual-port, a 16x4 distributed RAM takes three slices
        # (two of data, one for its write port); PFUMX and L6MUX21 join up to four LUT4.
        # FPGA-TN-02205 (sysDSP): MULT18X18D.
        Family("ecp5", "DP16KD", _DP16KD, 9, 16, 64, 1.8, 2, (LutRam(16, 4, 6),), 18, _ECP5),
        # Lattice FPGA-TN-02002 (iCE40 memory): EBR of 4 Kb, no distributed RAM (writable LUT memory becomes
        # flip-flops). FPGA-TN-02022: RAM of 256 Kb that cannot be initialised and has one port, written in lanes of
        # 4 bits. SB_MAC16 multiplies 16 x 16 bits (FPGA-TN-02007).
        Family(
            "ice40",
            "EBR",
            _EBR,
            1,
            16,
            16,
            1.5,
            2,
            (),
            16,
            "synth_ice40 -dsp -spram",
            "SPRAM",
            BlockShape(16384, 16, 2048),
            (4,),
            1,
            cells_of_both=True,
        ),
        # The small and the large family of Gowin's that the open tools place.
        Family("gw1n", *_GOWIN, f"{_CLOCK}synth_gowin -family gw1n"),
        Family("gw2a", *_GOWIN, f"{_CLOCK}synth_gowin -family gw2a"),
    )
}


@dataclass(frozen=True)
class Layout:
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
    shape, written = family.large_shape, replace(memory, writable=True)
    if way == HALVES:
        written = replace(written, words=2 * _power_of_two(memory.words), width=-(-memory.width // 2))
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
        return replace(whole, way=ONE_PORT)
    halves = memory.width > shape.width and 2 * _power_of_two(memory.words) <= shape.words
    return replace(whole, way=HALVES if halves else TWO_PORTS)


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
