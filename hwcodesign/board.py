"""A board: one short TOML file in `boards/`. Adding a board touches nothing else."""

from collections.abc import Mapping
from functools import cached_property

from pydantic import Field, field_validator

from hwcodesign.assets import asset_folder
from hwcodesign.device import FAMILIES, Family
from hwcodesign.errors import UserError, did_you_mean
from hwcodesign.strict_toml import StrictModel, read_toml, validated


class ResourceTable(StrictModel):
    """What the part has. `block_ram` in the family's unit (BRAM18, DP16KD, EBR); `large_ram` is URAM or SPRAM."""

    lut: int = Field(gt=0)
    ff: int = Field(gt=0)
    dsp: int = Field(ge=0)
    block_ram: int = Field(gt=0)
    large_ram: int = Field(default=0, ge=0)


class LimitTable(StrictModel):
    """The fraction of each resource that a design may use and still be expected to place and route at its clock.

    AMD parts: what FINN's users keep (LUT 70 %, FF 50 %, the rest 80 %). ECP5: a design at 71 % of the block RAM and
    49 % of the LUTs places and routes with nextpnr, so a little above that. iCE40: small and slow, fills up higher.
    """

    lut: float = Field(gt=0, le=1)
    ff: float = Field(gt=0, le=1)
    dsp: float = Field(gt=0, le=1)
    block_ram: float = Field(gt=0, le=1)


class Board(StrictModel):
    """One board. `clock_mhz` is the default clock of a design; `toolchain` the programs from netlist to bitstream.

    `vivado_board` is the name of Vivado's board files, whose preset sets up a processor's memory and pins.
    """

    name: str
    title: str
    part: str
    family: str
    clock_mhz: float = Field(gt=0)
    toolchain: tuple[str, ...] = Field(min_length=1)
    vivado_board: str = ""
    resources: ResourceTable
    limits: LimitTable

    @field_validator("family")
    @classmethod
    def _known_family(cls, name: str) -> str:
        if name not in FAMILIES:
            raise ValueError(f"a known family: {did_you_mean(name, FAMILIES)}")
        return name

    @property
    def device(self) -> Family:
        """The memories of this board's family."""
        return FAMILIES[self.family]

    @cached_property
    def usable(self) -> Mapping[str, int]:
        """How much of each resource (lut, ff, dsp, block_ram) a design may use: the part's amount times the limit."""
        return {key: int(getattr(self.resources, key) * limit) for key, limit in self.limits.model_dump().items()}

    @property
    def memory_bits(self) -> int:
        """More bits of memory than a design on this board can have: all usable blocks, and ROMs in all usable LUTs."""
        return self.usable["block_ram"] * self.device.block_bits + self.usable["lut"] * self.device.lut_rom_words


def board_names() -> list[str]:
    """The names of all boards, sorted."""
    return sorted(path.stem for path in asset_folder("boards").glob("*.toml"))


def load_board(name: str) -> Board:
    """Read `boards/<name>.toml` strictly. Raises UserError for an unknown board (with the nearest) or a bad file."""
    if name not in board_names():
        raise UserError(f"there is no board {name!r}: {did_you_mean(name, board_names())}")
    path = asset_folder("boards") / f"{name}.toml"
    return validated(Board, {"name": name, **read_toml(path)}, str(path))
