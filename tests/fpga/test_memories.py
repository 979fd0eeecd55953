"""Families' memories: block counts against published rules, LUT memories against hand counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.fpga.families import FAMILIES
from hwcodesign.fpga.memories import HALVES, ONE_PORT, TWO_PORTS, block_count, large_memory, large_storage, lut_memory
from hwcodesign.kinds import Memory, Storage
from tests.finn_rule import finn_bram18


@given(st.integers(1, 200_000), st.integers(1, 4096))
def test_hardly_more_blocks_than_finn_counts(words, width):
    """Yosys leaves a block unused where that spares it LUTs: half a LUT for each bit and part that it joins."""
    memory = Memory("weights", words, width)
    finn = finn_bram18(words, width)
    parts = -(-words // 512)
    assert block_count(FAMILIES["xilinx7"], memory) <= finn + parts * width / (2 * 128) + 1


@given(st.sampled_from(sorted(FAMILIES)), st.integers(1, 100_000), st.integers(1, 1024))
def test_blocks_hold_every_bit(family, words, width):
    memory = Memory("weights", words, width)
    assert block_count(FAMILIES[family], memory) * FAMILIES[family].block_bits >= memory.bits


@pytest.mark.parametrize(
    ("family", "words", "width", "blocks"),
    [
        ("xilinx7", 512, 36, 1),
        ("xilinx7", 513, 36, 2),
        ("ecp5", 4096, 4, 1),
        ("ecp5", 2048, 36, 4),
        ("xilinx7", 24000, 6, 8),  # twelve parts of 2048 words: 72 columns, nine to a block
        ("ice40", 256, 16, 1),
        ("ice40", 257, 16, 2),
        ("ice40", 3600, 32, 32),  # two parts of 2048 words: fifteen of 256 would save two blocks and take more LUTs
    ],
)
def test_block_count(family, words, width, blocks):
    assert block_count(FAMILIES[family], Memory("weights", words, width)) == blocks


@pytest.mark.parametrize(
    ("family", "words", "width", "blocks"),
    [
        ("xilinx7", 1127, 24, 3),  # three parts of three lanes of nine bits: two parts share no lane
        ("xilinx7", 4608, 128, 34),
        ("xilinx7", 29184, 4, 8),
        ("ecp5", 9000, 2, 2),
        ("ice40", 1127, 24, 8),  # written bit by bit
    ],
)
def test_parts_of_a_written_memory_share_no_lane(family, words, width, blocks):
    assert block_count(FAMILIES[family], Memory("buffer", words, width, writable=True)) == blocks


@pytest.mark.parametrize(("words", "width", "count"), [(4096, 72, 1), (4097, 37, 2), (16384, 16, 1), (9000, 25, 2)])
def test_large_ram_is_written_in_lanes_of_eight_or_nine(words, width, count):
    assert large_memory(FAMILIES["ultrascale-plus"], Memory("buffer", words, width, writable=True))[0] == count


@pytest.mark.parametrize(
    ("family", "words", "width", "way", "count"),
    [
        ("ultrascale-plus", 2048, 144, HALVES, 1),  # through both ports of one
        ("ultrascale-plus", 32, 432, HALVES, 3),
        ("ultrascale-plus", 2049, 144, TWO_PORTS, 2),
        ("ultrascale-plus", 2048, 72, TWO_PORTS, 1),
        ("ultrascale-plus", 5760, 32, TWO_PORTS, 1),
        ("ice40", 1600, 16, ONE_PORT, 1),
        ("ice40", 1600, 17, ONE_PORT, 2),
        ("ice40", 18000, 8, ONE_PORT, 1),  # two parts, side by side
    ],
)
def test_a_loaded_memory_uses_the_ports_that_there_are(family, words, width, way, count):
    memory = Memory("weights", words, width, loadable=True)
    storage = large_storage(FAMILIES[family], memory)
    assert storage == Storage(words, width, large=True, way=way)
    taken, logic = large_memory(FAMILIES[family], memory, way)
    assert taken == count and logic.ff >= width


def test_the_first_carry_of_a_chain_is_open_on_nexus_and_no_other():
    def carry(bits):
        return {"type": "CCU2", "port_directions": {"CIN": "input"}, "connections": {"CIN": bits}}

    low = {"type": "VLO", "port_directions": {"Z": "output"}, "connections": {"Z": [7]}}
    cells = {"low": low, "tied": carry([7]), "constant": carry(["0"]), "inside": carry([8])}
    toolchain = FAMILIES["nexus"].toolchain
    assert toolchain
    toolchain.mend({"modules": {"top": {"cells": cells}}})
    assert {name for name, cell in cells.items() if "CIN" in cell["connections"]} == {"inside"}
    assert all(cell["port_directions"].keys() == cell["connections"].keys() for cell in cells.values())


def test_what_large_ram_cannot_hold():
    rom, buffer = Memory("thresholds", 2048, 144), Memory("buffer", 2048, 144, writable=True)
    assert large_storage(FAMILIES["ultrascale-plus"], rom) is None
    assert large_storage(FAMILIES["ultrascale-plus"], buffer) == Storage.whole(buffer, large=True)
    assert large_storage(FAMILIES["ice40"], buffer) is None  # it would be read and written at once
    assert large_storage(FAMILIES["xilinx7"], rom._replace(loadable=True)) is None
    assert large_storage(FAMILIES["ice40"], Memory("weights", 1, 144, loadable=True)) is None


@pytest.mark.parametrize(
    ("family", "words", "width", "writable", "luts"),
    [
        ("xilinx7", 64, 8, False, 8),  # one LUT6 a bit
        ("xilinx7", 256, 1, False, 4),  # four LUT6, F7 and F8 join them
        ("xilinx7", 130, 8, False, 32),  # three LUT6 a bit would do, but they are joined in twos
        ("xilinx7", 512, 1, False, 10),  # eight LUT6 and what joins two fours
        ("xilinx7", 32, 12, True, 8),  # two RAM32M
        ("xilinx7", 64, 3, True, 4),  # one RAM64M
        ("ecp5", 64, 2, False, 8),  # four LUT4 a bit
        ("ecp5", 16, 8, True, 12),  # two 16x4 RAMs of three slices each
        ("ice40", 16, 4, False, 4),
    ],
)
def test_lut_memory(family, words, width, writable, luts):
    assert lut_memory(FAMILIES[family], Memory("m", words, width, writable)).lut == luts


def test_a_writable_memory_without_lut_ram_is_flip_flops():
    assert lut_memory(FAMILIES["ice40"], Memory("m", 10, 4, writable=True)).ff == 44


@pytest.mark.parametrize(("words", "width", "columns"), [(1, 50, 0), (2, 1000, 2), (3, 1000, 6), (40, 30, 30)])
def test_a_rom_keeps_one_of_each_column(words, width, columns):
    assert lut_memory(FAMILIES["xilinx7"], Memory("m", words, width)).ff == columns
