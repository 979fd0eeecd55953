"""Which cells take a place of their own: small netlists whose packing follows from nextpnr's rules."""

from collections import Counter

import pytest

from hwcodesign.bitstream.nextpnr_packing import LOGIC_CELL, cell_types
from tests.netlists import Cells, netlist

OUTPUTS = {"O", "Q", "CO", "COUT", "SUM"}


def alone(cells: Cells, *outputs: int) -> dict[str, int]:
    """How many places of its own each cell takes; `outputs` are the bits of the module's output port."""
    module = netlist(cells, OUTPUTS, *outputs)
    found = list(cell_types(module))
    assert Counter(kind for _, kind in found if kind != LOGIC_CELL) == Counter(kind for kind, _ in cells.values())
    return dict(Counter(name for name, kind in found if kind == LOGIC_CELL))


def lut(out: int, i1: int | str = "0", i2: int | str = "0", i3: int | str = "0") -> tuple[str, dict[str, int | str]]:
    return "SB_LUT4", {"O": out, "I0": "0", "I1": i1, "I2": i2, "I3": i3}


def carry(i0: int | str, i1: int | str, ci: int | str, co: int) -> tuple[str, dict[str, int | str]]:
    return "SB_CARRY", {"I0": i0, "I1": i1, "CI": ci, "CO": co}


def test_a_flip_flop_shares_the_cell_of_the_lut_that_drives_it_alone() -> None:
    shared: Cells = {"lut": lut(1), "ff": ("SB_DFFE", {"D": 1, "Q": 2, "E": 9})}
    assert alone(shared, 2) == {}
    assert alone(shared, 1, 2) == {"ff": 1}, "the LUT's output leaves the cell, too"
    assert alone({"ff": ("SB_DFF", {"D": 3, "Q": 2})}) == {"ff": 1}


def test_a_carry_shares_the_cell_of_the_lut_that_adds_the_same_bits() -> None:
    adder: Cells = {"sum": lut(1, 5, 6, "0"), "carry": carry(5, 6, "0", 7), "next": lut(2, 8, 9, 7)}
    assert alone(adder, 1, 2) == {}
    assert alone({**adder, "sum": lut(1, 6, 5, "0")}) == {"carry": 1}


@pytest.mark.parametrize(
    ("reader", "ends"), [(lut(2, 8, 9, 7), 0), (lut(2, 7, 9, 8), 1), (("SB_DFF", {"D": 7, "Q": 2}), 1)]
)
def test_a_carry_leaves_its_chain_through_the_lut_of_the_next_cell_alone(
    reader: tuple[str, dict[str, int | str]], ends: int
) -> None:
    cells: Cells = {"sum": lut(1, 5, 6, "1"), "carry": carry(5, 6, "1", 7), "reader": reader}
    assert alone(cells).get("carry", 0) == ends


def test_a_carry_in_the_middle_leaves_through_the_sum_beside_the_next() -> None:
    chain: Cells = {"a": carry(1, 2, "0", 3), "la": lut(4, 1, 2, "0"), "b": carry(5, 6, 3, 7), "lb": lut(8, 5, 6, 3)}
    assert alone(chain, 4, 8) == {}
    assert alone({**chain, "lb": lut(8, 6, 5, 3)}) == {"a": 1, "b": 1}, "out of the chain, and a carry by itself"
    assert alone(chain, 4, 8, 3) == {"a": 1}


def test_a_chain_that_starts_from_a_signal_takes_a_cell_to_enter() -> None:
    assert alone({"sum": lut(1, 5, 6, 4), "carry": carry(5, 6, 4, 7), "end": lut(2, 8, 9, 7)}) == {"carry": 1}


@pytest.mark.parametrize(("length", "leaves", "added"), [(1, False, 1), (2, False, 2), (3, True, 3), (4, True, 2)])
def test_a_gowin_chain_begins_with_one_more_and_comes_in_pairs(length: int, leaves: bool, added: int) -> None:
    chain: Cells = {
        f"alu{i}": ("ALU", {"I0": "0", "I1": "1", "CIN": 10 + i, "COUT": 11 + i, "SUM": 30 + i}) for i in range(length)
    }
    assert alone(chain, *([10 + length] if leaves else [])) == {"alu0": added}


def test_other_families_have_none() -> None:
    assert alone({"lut": ("LUT4", {"O": 1}), "ff": ("TRELLIS_FF", {"D": 1, "Q": 2})}) == {}
