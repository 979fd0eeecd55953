"""FPGA families: the shapes that their memories take, and what those cost.

A family is data; `block_count` and `lut_memory` turn a memory of words x width into block RAMs or look-up tables.
Memories are simple dual-port (one write, one read) or ROMs with a registered read, as the kernels use them.
"""

import math
from dataclasses import dataclass

from hwcodesign.kinds import Logic, Memory


@dataclass(frozen=True)
class LutRam:
    """Writable memory made of LUTs: `words` x `width` bits in every `luts` LUTs."""

    words: int
    width: int
    luts: int


@dataclass(frozen=True, eq=False)  # there is one of each, so it is itself or another, and hashes fast
class Family:
    """`block_shapes` are (words, width) of one block RAM; a LUT is a ROM of `lut_rom_words` bits.

    Up to `free_mux_words` words, LUTs are joined by dedicated multiplexers; beyond, one LUT joins `mux_ways`.
    `multiplier_bits` are those of the wider signed operand of a hardware multiplier.
    `synthesis` is the Yosys command that maps a design to the family.
    `large_ram` is the name of big memories that cannot be initialised (so they can hold no weights), or "".
    """

    name: str
    block_name: str
    block_shapes: tuple[tuple[int, int], ...]
    lut_rom_words: int
    free_mux_words: int
    mux_ways: int
    lut_rams: tuple[LutRam, ...]
    multiplier_bits: int
    synthesis: str
    large_ram: str = ""

    @property
    def block_bits(self) -> int:
        """Bits of one block RAM in its widest shape (parity bits included)."""
        return max(words * width for words, width in self.block_shapes)


_XILINX_BLOCKS = ((16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18), (512, 36))
# Without a clock to reach, abc9 trades area for the speed of every path of every module; with one (50 MHz, in
# picoseconds), a kernel takes by itself what it takes in a network.
_ECP5 = "scratchpad -set abc9.D 20000; synth_ecp5"
_XILINX = "synth_xilinx -flatten -noiopad -noclkbuf -family"
# Gowin UG285 (BSRAM and SSRAM), UG288 (CFU): BSRAM in semi dual-port mode; a CFU's LUTs make 16x4 bits with the LUTs of
# the same slices at the write port; wide multiplexers join up to sixteen LUT4.
_GOWIN = ("BSRAM", _XILINX_BLOCKS, 16, 256, 2, (LutRam(16, 4, 6),), 18)
# RAM32M and RAM64M: the three read ports of four LUTs in a SLICEM (AMD UG474 and UG574, distributed RAM).
_XILINX_LUT_RAMS = (LutRam(32, 6, 4), LutRam(64, 3, 4))

FAMILIES = {
    family.name: family
    for family in (
        # AMD UG473 (7 series memory), UG474: RAMB18E1 in simple dual-port mode; F7/F8 multiplexers join four LUT6.
        # UG479: DSP48E1 multiplies 25 x 18 bits.
        Family(
            "xilinx7",
            "BRAM18",
            _XILINX_BLOCKS,
            64,
            256,
            4,
            _XILINX_LUT_RAMS,
            25,
            f"{_XILINX} xc7",
        ),
        # AMD UG573: RAMB18E2 as above. UltraRAM powers up as zeros, so it can hold no ROM; F9 joins eight LUT6.
        # UG579: DSP48E2 multiplies 27 x 18 bits.
        Family(
            "ultrascale-plus",
            "BRAM18",
            _XILINX_BLOCKS,
            64,
            512,
            4,
            _XILINX_LUT_RAMS,
            27,
            f"{_XILINX} xcup",
            "URAM",
        ),
        # Lattice FPGA-TN-02204 (ECP5 memory): DP16KD as pseudo dual-port, a 16x4 distributed RAM takes three slices
        # (two of data, one for its write port); PFUMX and L6MUX21 join up to four LUT4.
        # FPGA-TN-02205 (sysDSP): MULT18X18D.
        Family("ecp5", "DP16KD", _XILINX_BLOCKS, 16, 64, 2, (LutRam(16, 4, 6),), 18, _ECP5),
        # Lattice FPGA-TN-02002 (iCE40 memory): EBR of 4 Kb, no distributed RAM (writable LUT memory becomes
        # flip-flops); single-port RAM of 256 Kb that cannot be initialised. SB_MAC16 multiplies 16 x 16
        # bits (FPGA-TN-02007).
        Family(
            "ice40",
            "EBR",
            ((2048, 2), (1024, 4), (512, 8), (256, 16)),
            16,
            16,
            2,
            (),
            16,
            "synth_ice40 -dsp",
            "SPRAM",
        ),
        # The small and the large family of Gowin's that the open tools place.
        Family("gw1n", *_GOWIN, "synth_gowin -family gw1n"),
        Family("gw2a", *_GOWIN, "synth_gowin -family gw2a"),
    )
}


def block_count(family: Family, memory: Memory) -> int:
    """Block RAMs that `memory` takes: the fewest over the family's shapes, all of one shape.

    Parts of a memory too deep for one shape lie side by side, a block's columns shared between them, as Yosys does
    (memory_libmap): 24,000 words of 6 bits are 12 parts of 2,048 words, so 72 columns, so 8 blocks of 2048 x 9.
    """
    return min(
        math.ceil(math.ceil(memory.words / words) * memory.width / width) for words, width in family.block_shapes
    )


def lut_memory(family: Family, memory: Memory) -> Logic:
    """LUTs and flip-flops that `memory` takes outside block RAM, with the multiplexers that join its parts.

    An estimate: of a ROM's contents only equal and constant columns are counted out. The read register is one
    flip-flop a bit.
    """
    if not memory.writable:
        columns, filled = _different_columns(memory), memory.words / family.lut_rom_words
        lut = math.ceil(columns * (max(1, filled) + _mux_luts(family, memory.words)))
        # Yosys makes a bit as it makes all logic, the better the fewer words it depends on.
        part = "half_a_lut" if filled <= 1 / 2 else "one_lut" if filled <= 1 else "several_luts"
        return Logic(lut, columns, parts={part: lut})
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


def _mux_luts(family: Family, words: int) -> int:
    """LUTs per bit that join the parts of a ROM too deep for the dedicated multiplexers."""
    parts = -(-words // family.free_mux_words)
    return -(-(parts - 1) // (family.mux_ways - 1))
