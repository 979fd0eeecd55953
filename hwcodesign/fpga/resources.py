"""Amounts of what a chip has: LUTs, flip-flops, multipliers, block RAM and large RAM."""

from dataclasses import dataclass

from hwcodesign.fpga.board import RESOURCES, Board


@dataclass(frozen=True)
class Resources:
    """Amounts of a device's resources; `block_ram` in the family's unit (BRAM18, DP16KD, EBR), `large_ram` in URAMs."""

    lut: int = 0
    ff: int = 0
    dsp: int = 0
    block_ram: int = 0
    large_ram: int = 0

    def __add__(self, other: "Resources") -> "Resources":
        return Resources(
            self.lut + other.lut,
            self.ff + other.ff,
            self.dsp + other.dsp,
            self.block_ram + other.block_ram,
            self.large_ram + other.large_ram,
        )

    def share(self, board: Board) -> float:
        """The cost that the planner minimises: the sum of the fractions of what the board lets a design use.

        What a board has little of is dear; so LUTs and block RAM are weighed against each other by the board itself.
        """
        usable = board.usable_alone
        return (
            self.lut / usable["lut"]
            + self.ff / usable["ff"]
            + self.dsp / max(1, usable["dsp"])
            + self.block_ram / usable["block_ram"]
            + self.large_ram / max(1, usable["large_ram"])
        )

    def over(self, board: Board) -> list[str]:
        """The resources that exceed the board's limits."""
        return [name for name in RESOURCES if getattr(self, name) > board.usable[name]]
