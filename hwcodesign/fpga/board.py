"""A board: one short TOML file in `boards/`. Adding a board touches nothing else."""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from hwcodesign.core.assets import asset_folder
from hwcodesign.core.errors import UserError, did_you_mean
from hwcodesign.core.strict_toml import StrictModel, read_toml, validated
from hwcodesign.fpga.families import FAMILIES
from hwcodesign.fpga.family import Family
from hwcodesign.fpga.parts import faults_of_pins, most_of

MOST_OF_A_RESOURCE = 100_000_000
MANY_BOARDS = 256  # kept in memory at most
_SUFFIX = ".toml"
Amount = Annotated[int, Field(ge=0, le=MOST_OF_A_RESOURCE)]
Pin = Annotated[
    str,
    Field(
        pattern=r"^([A-Za-z]{0,3}[0-9]{1,3}[A-Za-z]?|IO_[A-Z]{2}_[AB][0-9])$",
        description="such as A9, 35, IOB5A or IO_SB_A8",
    ),
]
Megahertz = Annotated[float, Field(ge=0.001, le=1000.0)]  # no global clock of these families runs above 1 GHz


class ResourceTable(StrictModel):
    """What the part has. `block_ram` in the family's unit (BRAM18, DP16KD, EBR); `large_ram` is URAM or SPRAM."""

    lut: Amount = Field(gt=0)
    ff: Amount = Field(gt=0)
    dsp: Amount
    block_ram: Amount = Field(gt=0)
    large_ram: Amount = 0


class LimitTable(StrictModel):
    """The fraction of each resource that a design may use and still be expected to place and route at its clock.

    AMD parts: what FINN's users keep (LUT 70 %, FF 50 %, the rest 80 %). ECP5: a design at 71 % of the block RAM and
    49 % of the LUTs places and routes with nextpnr, so a little above that. iCE40: small and slow, fills up higher.
    """

    lut: float = Field(gt=0, le=1)
    ff: float = Field(gt=0, le=1)
    dsp: float = Field(gt=0, le=1)
    block_ram: float = Field(gt=0, le=1)
    large_ram: float = Field(default=0.80, gt=0, le=1)


Resource = Literal["lut", "ff", "dsp", "block_ram", "large_ram"]
RESOURCES: tuple[Resource, ...] = get_args(Resource)


class OscillatorTable(StrictModel):
    """What the design's clock is made from: the pin it comes in at, and its frequency."""

    pin: Pin
    mhz: Megahertz


class LinkTable(StrictModel):
    """How a host talks to the design: a UART at two pins, seen from the FPGA, or the DMA of a Zynq's processors.

    `baud` is the highest rate that the board's bridge takes; a design has the highest below that its clock can make.
    """

    type: Literal["uart", "axi-dma"]
    baud: int | None = Field(default=None, ge=300, le=50_000_000)
    rx: Pin | None = None
    tx: Pin | None = None

    @model_validator(mode="after")
    def _whole(self) -> "LinkTable":
        given = [value is not None for value in (self.baud, self.rx, self.tx)]
        if self.type == "uart" and not all(given):
            raise ValueError("a uart with baud, rx and tx")
        if self.type != "uart" and any(given):
            raise ValueError(f"{self.type} without baud, rx and tx")
        return self


class Board(StrictModel):
    """One board.

    `clock_mhz` is the default clock of a design, `toolchain` the programs from netlist to bitstream; `nextpnr` and
    `pack` are the arguments that name the part to the second and the third of them, `programmer` those that name the
    board to openFPGALoader. `vivado_board` names Vivado's board files, whose preset sets up a processor's memory
    and pins. `high` are pins that the design must hold at 1. `pins_from` names the independent sources
    in which the pins were looked up. `at_most` are amounts beyond which a design shall not go although the board would
    let it, since something else wants the rest; it is a recipe's.
    """

    name: str
    title: str
    part: str
    family: str
    clock_mhz: Megahertz
    toolchain: tuple[str, ...] = Field(min_length=1)
    nextpnr: tuple[str, ...] = ()
    pack: tuple[str, ...] = ()
    programmer: tuple[str, ...] = ()
    io_standard: str = "LVCMOS33"
    high: tuple[Pin, ...] = ()
    pins_from: tuple[str, ...] = ()
    oscillator: OscillatorTable | None = None
    link: LinkTable | None = None
    vivado_board: str = ""
    resources: ResourceTable
    limits: LimitTable
    at_most: dict[Resource, int] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _as_the_part_is(self) -> "Board":
        """Nothing is planned on what the part does not have, and no pin is where the package has none."""
        most = most_of(self.part, self.family)
        for resource in RESOURCES if most else ():
            stated, there = getattr(self.resources, resource), getattr(most, resource)
            if stated > there:
                raise ValueError(f"a board with at most {there:,} {resource}, as {self.part} has; not {stated:,}")
        for key in ("lut", "ff", "block_ram"):
            if int(getattr(self.resources, key) * getattr(self.limits, key)) < 1:
                raise ValueError(f"a board whose limits leave at least one {key} to a design")
        if faults := faults_of_pins(self.family, self.nextpnr, self.part, self.pins.values()):
            raise ValueError(f"a board of its part: {'; '.join(faults)}")
        ports = {pin: port for port, pin in self.pins.items()}
        for port, pin in self.pins.items():
            if ports[pin] != port:
                raise ValueError(
                    f"a board with a pin of its own for each port; {pin} is that of {port} and {ports[pin]}"
                )
        return self

    @model_validator(mode="after")
    def _pins_are_checked(self) -> "Board":
        least = 1 if self.is_a_users else 2
        if self.pins and len(self.pins_from) < least:
            sources = "a source or more" if self.is_a_users else "two independent sources"
            raise ValueError(f"a board whose pins were looked up in {sources}: name them in pins_from")
        return self

    @field_validator("family")
    @classmethod
    def _known_family(cls, name: str) -> str:
        if name not in FAMILIES:
            raise ValueError(f"a known family: {did_you_mean(name, FAMILIES)}")
        return name

    def __hash__(self) -> int:
        """Boards of one name are rarely different ones; tables are no keys."""
        return hash((self.name, *self.at_most.items()))

    @property
    def pins(self) -> Mapping[str, str]:
        """The pin of every port of the top level that a bitstream for this board has."""
        pins = {f"high_o[{i}]": pin for i, pin in enumerate(self.high)}
        if self.oscillator:
            pins["clk_i"] = self.oscillator.pin
        if self.link and self.link.rx and self.link.tx:
            pins |= {"rx_i": self.link.rx, "tx_o": self.link.tx}
        return pins

    @property
    def is_a_users(self) -> bool:
        """Whether it comes from a file of somebody's own, whose path is its name, and not with us."""
        return self.name.endswith(_SUFFIX)

    @property
    def device(self) -> Family:
        """The memories of this board's family."""
        return FAMILIES[self.family]

    @cached_property
    def usable_alone(self) -> Mapping[Resource, int]:
        """How much of each resource a design may use that has the board to itself: the part's amount times the limit.

        What the board has little of is dear, whatever `at_most` says: so the planner weighs resources by this.
        """
        return {key: int(getattr(self.resources, key) * getattr(self.limits, key)) for key in RESOURCES}

    @cached_property
    def usable(self) -> Mapping[str, int]:
        """How much of each resource a design may use: that, and no more than `at_most`."""
        return {key: min(limit, self.at_most.get(key, limit)) for key, limit in self.usable_alone.items()}

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic's; what was worked out of the former fields stays behind."""
        made = super().model_copy(update=update, deep=deep)
        for name in ("usable_alone", "usable"):
            made.__dict__.pop(name, None)
        return made

    def leaving(self, at_most: Mapping[Resource, int]) -> "Board":
        """This board for a design that does with these amounts."""
        return self if dict(at_most) == self.at_most else _leaving(self, tuple(at_most.items()))

    def unit(self, resource: str) -> str:
        """What a resource is counted in: BRAM18, URAM, LUT, ..."""
        return {"block_ram": self.device.block_name, "large_ram": self.device.large_ram}.get(resource, resource.upper())

    @property
    def memory_bits(self) -> int:
        """More bits of ROM than a design on this board can have: in all usable blocks and all usable LUTs."""
        return self.usable["block_ram"] * self.device.block_bits + self.usable["lut"] * self.device.lut_rom_words

    @property
    def large_bits(self) -> int:
        """Bits of all usable large RAMs."""
        return self.usable["large_ram"] * self.device.large_bits


@lru_cache(MANY_BOARDS)
def _leaving(board: Board, at_most: tuple[tuple[Resource, int], ...]) -> Board:
    return board.model_copy(update={"at_most": dict(at_most)})


def board_names() -> list[str]:
    """The names of all boards, sorted."""
    return sorted(path.stem for path in asset_folder("boards").glob("*.toml"))


def load_board(name: str) -> Board:
    """Read `boards/<name>.toml`, or the TOML file `name` of a user, strictly.

    Raises UserError for an unknown board (with the nearest) or a bad file.
    """
    if name.endswith(_SUFFIX):
        own = Path(name).expanduser().resolve()
        return validated(Board, {"name": str(own), **read_toml(own)}, name)
    if name not in board_names():
        raise UserError(f"there is no board {name!r}: {did_you_mean(name, board_names())}; or the path of a TOML file")
    path = asset_folder("boards") / f"{name}.toml"
    return _read_board(name, path, path.stat().st_mtime_ns)


@lru_cache(MANY_BOARDS)
def _read_board(name: str, path: Path, changed: int) -> Board:
    """The board as `path` had it when it was `changed`: the same object each time, so that it is quick to compare."""
    del changed
    return validated(Board, {"name": name, **read_toml(path)}, str(path))
