"""What the software must know of an FPGA family: one object, made in `families/` by keyword."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hwcodesign.core.tools import Tool

# Stands among the types of cells for a place that is taken without a LUT: see bitstream/nextpnr_packing.py.
LOGIC_CELL = "(logic cell without a LUT)"
ABSORBED = "(LUT that takes no place)"


@dataclass(frozen=True)
class Clock:
    """A clock of `mhz`, and how it is made: `module` names a file in boards/clocks ("": the oscillator itself)."""

    mhz: float
    module: str = ""
    parameters: dict[str, int | str] = field(default_factory=dict)


def no_plls(_oscillator_mhz: float) -> Iterator[Clock]:
    """Of a family whose PLLs are not described: only the oscillator itself."""
    yield from ()


@dataclass(frozen=True, kw_only=True)
class Cells:
    """What a mapped netlist's cells take: by type, how many LUTs, block RAMs and large RAMs one is; others take none.

    `flip_flops` are beginnings of types, since each has variants. `multipliers` are types that are one DSP.
    """

    lut: Mapping[str, int]
    flip_flops: tuple[str, ...]
    block_ram: Mapping[str, int]
    multipliers: tuple[str, ...] = ()
    large_ram: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Constraints:
    """`port` writes one port's lines from its name, pin, I/O standard, and whether it is pulled up.

    `clock` are the lines that give the oscillator's `{mhz}` or `{period_ns}`; `suffix` is the file's.
    """

    suffix: str
    port: Callable[[str, str, str, bool], str]
    clock: str = ""


@dataclass(frozen=True)
class Step:
    """A program between two others: it `writes` a file; `files` are its arguments for what it reads and writes."""

    tool: Tool
    writes: str
    files: Callable[[str, str], list[str]]


@dataclass(frozen=True, kw_only=True)
class Toolchain:
    """`placed` is what place and route writes, `bitstream` what packing makes of it; both are file names.

    `place_files` and `pack_files` give the arguments for files, after those for the part. `cells` are the cell types
    of nextpnr's report that make up each resource, with how many of it a cell is; flip-flops have no entry where the
    report does not count them. Of the types in `placeholders`, nextpnr's log has the number of places that are taken;
    its report lacks some that hold no cell, but can hold none. `mend` changes Yosys' netlist (JSON) in place, where
    nextpnr does not take it as it is. `before_pack` makes of what is placed what is packed. `synthesis` is Yosys'
    command where it is another than for counting. `note` is said of every bitstream.
    """

    place_and_route: Tool
    pack: Tool
    placed: str
    bitstream: str
    place_files: Callable[[str, str], list[str]]
    pack_files: Callable[[str, str], list[str]]
    cells: Mapping[str, Mapping[str, int]]
    placeholders: tuple[str, ...] = ()
    mend: Callable[[dict[str, Any]], None] = lambda _netlist: None
    before_pack: Step | None = None
    synthesis: str = ""
    note: str = ""

    @property
    def programs(self) -> tuple[Tool, ...]:
        """All of them, in their order."""
        between = (self.before_pack.tool,) if self.before_pack else ()
        return self.place_and_route, *between, self.pack


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


@dataclass(frozen=True, eq=False, kw_only=True)  # there is one of each: itself or another, and fast to hash
class Family:
    """`block_shapes` are those of its block RAM, written in lanes of `write_lane` bits; a LUT is a ROM of
    `lut_rom_words` bits.

    Up to `free_mux_words` words, LUTs are joined by dedicated multiplexers; beyond, a ROM takes `deep_rom` times its
    LUTs. Of other signals one LUT joins `mux_ways`.
    `multiplier_bits` are those of the wider signed operand of a hardware multiplier.
    `synthesis` is the Yosys command that maps a design to the family.
    `cells` says what the netlist's cells take; `link_luts` what a serial link takes (plan/link_cost.py): LUTs, and more
    for each bit of a counter; None: it is taken as the dearest known family's. `measured_as` names the family whose
    fitted coefficients count for this one, too, since Yosys maps both alike; "" if they are its own, or it has
    none. `toolchain` makes its bitstreams (None: no open one does, or that of `toolchain_of_part`), `constraints` is
    what pins are written in, and `plls` yields every clock that can be made of an oscillator's MHz. `cells_of_both`: a
    logic cell holds one LUT and one flip-flop, which share it only if the LUT drives the flip-flop alone; all amounts
    of LUTs are then of logic cells. `large_ram` is the name of big memories that cannot be initialised (so weights in
    them are loaded after reset), or ""; `large_shape` is theirs, `large_lanes` the widths of the lanes that they can be
    written in. Of `large_ports` each reads or writes; with one, a memory is not read and written at once.
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
    cells: Cells
    link_luts: tuple[int, float] | None = None
    measured_as: str = ""
    toolchain: Toolchain | None = None
    toolchain_of_part: Callable[[str], Toolchain] | None = None
    constraints: Constraints | None = None
    plls: Callable[[float], Iterator[Clock]] = no_plls
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
