"""Which cells of a GateMate netlist take halves of CPEs of their own: small netlists, by the rules of nextpnr."""

from typing import Any

import pytest

from hwcodesign.bitstream.gatemate_packing import halves
from hwcodesign.bitstream.nextpnr_packing import cell_types
from hwcodesign.bitstream.yosys import resources_of
from hwcodesign.fpga.families import FAMILIES
from tests.netlists import Cells, Pins, netlist

OUTPUTS = {"O", "Q", "Y", "S", "CO", "A_DO"}
FF: tuple[str, Pins] = ("CC_DFF", {"D": 1, "Q": 2, "CLK": 90})


def module(cells: Cells, *outputs: int) -> dict[str, Any]:
    """`outputs` are the bits of the module's output port."""
    return netlist(cells, OUTPUTS, *outputs)


def more(cells: Cells, *outputs: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, count in halves(module(cells, *outputs)):
        found[name] = found.get(name, 0) + count
    return {name: count for name, count in found.items() if count}


def adder(a: int, b: int, carry: int | str, total: int, out: int) -> tuple[str, Pins]:
    return "CC_ADDF", {"A": a, "B": b, "CI": carry, "S": total, "CO": out}


@pytest.mark.parametrize(
    ("kind", "port"), [("CC_LUT2", "O"), ("CC_L2T4", "O"), ("CC_L2T5", "O"), ("CC_MX2", "Y"), ("CC_MX4", "Y")]
)
def test_a_flip_flop_lies_behind_the_cell_that_drives_nothing_else(kind: str, port: str) -> None:
    cells: Cells = {"source": (kind, {port: 1}), "ff": FF}
    assert more(cells, 2) == {}
    assert more(cells, 1, 2) == {"ff": 1}
    assert more({"ff": FF}, 2) == {"ff": 1}
    assert more({"first": FF, "ff": ("CC_DFF", {"D": 2, "Q": 3, "CLK": 90})}, 3) == {"first": 1, "ff": 1}


def test_adders_lie_in_pairs_and_chains_have_ends() -> None:
    pair: Cells = {"low": adder(10, 11, "0", 12, 13), "high": adder(14, 15, 13, 16, 17)}
    assert more(pair, 12, 16) == {"low": 1}
    assert more(pair, 12, 16, 17) == {"low": 2}, "the carry leaves the chain"
    assert more(pair | {"third": adder(18, 19, 17, 20, 21)}, 12, 16, 20) == {"low": 2}, "the third has no partner"
    assert more(pair, 12, 13, 16) == {"low": 3}, "a carry that is read between the two parts them"
    assert more({"alone": adder(10, 11, "0", 12, 13)}, 12) == {"alone": 2}


def test_a_small_lut_disappears_into_the_adder_that_alone_reads_it() -> None:
    cells: Cells = {"lut": ("CC_LUT2", {"O": 10}), "alone": adder(10, 11, "0", 12, 13)}
    assert more(cells, 12) == {"lut": -1, "alone": 2}
    assert more(cells, 10, 12) == {"alone": 2}
    assert more({**cells, "lut": ("CC_L2T4", {"O": 10})}, 12) == {"alone": 2}


def test_what_a_block_ram_reads_passes_through_a_half() -> None:
    ram: tuple[str, Pins] = ("CC_BRAM_20K", {"A_ADDR": 1, "A_DI": "0", "A_CLK": 90, "A_DO": 5})
    assert more({"ram": ram}, 5) == {"ram": 1}
    assert more({"ram": ram, "lut": ("CC_L2T4", {"O": 1})}, 5) == {}
    assert more({"ram": ram, "lut": ("CC_L2T4", {"O": 1})}, 1, 5) == {"ram": 1}


def test_they_count_as_luts() -> None:
    cells: Cells = {"lut": ("CC_LUT2", {"O": 10}), "alone": adder(10, 11, "0", 12, 13), "ff": FF}
    kinds = [kind for _, kind in cell_types(module(cells, 2, 12))]
    counts = {kind: kinds.count(kind) for kind in kinds}
    assert resources_of(FAMILIES["gatemate"], counts).lut == 1 - 1 + 1 + 2 + 1
