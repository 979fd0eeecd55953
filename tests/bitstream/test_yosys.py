"""Synthesis against the counts that are arithmetic: block RAM, DSP; and the cells that make a resource."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwcodesign.bitstream.yosys import Kernel, resources_of, synthesize_design, synthesize_kernels
from hwcodesign.core import tools
from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.emit.top_level import emit
from hwcodesign.fpga.board import load_board
from hwcodesign.fpga.families import FAMILIES
from hwcodesign.fpga.memories import block_count, large_storage
from hwcodesign.fpga.resources import Resources
from hwcodesign.kinds import IN_LUTS, Folding, Storage, kind_of
from hwcodesign.plan import plan
from hwcodesign.plan.memory import logic_resources, memory_resources
from sim.mvau import random_case
from tests.graphs import tiny_squeezenet

ECP5 = FAMILIES["ecp5"]


def matrix(source: str, weight: str, rows: tuple[int, int], columns: tuple[int, int], packed: int = 0) -> Kernel:
    """A matrix-vector unit without thresholds; its weights lie in block RAM."""
    layer, folding = random_case(np.random.default_rng(0), source, weight, None, 1, rows, columns, packed)
    memories = kind_of("mvau").memories(layer, folding)
    return Kernel(layer, folding, {m.name: IN_LUTS if m.writable else Storage.whole(m) for m in memories})


def test_cells_count_as_what_they_take() -> None:
    cells = {"LUT6": 3, "LUT2": 2, "RAM32M": 2, "FDRE": 7, "FDSE": 1, "CARRY4": 9, "RAMB36E1": 1, "RAMB18E1": 1}
    assert resources_of(FAMILIES["xilinx7"], cells | {"DSP48E1": 5}) == Resources(lut=5 + 8, ff=8, dsp=5, block_ram=3)
    cells = {"LUT4": 3, "CCU2C": 2, "TRELLIS_DPR16X4": 1, "TRELLIS_FF": 4, "PFUMX": 8}
    assert resources_of(FAMILIES["ecp5"], cells) == Resources(13, 4)


# Of every width of product that becomes a DSP, the narrowest for Yosys' mappings among them, and products in LUTs.
MATRICES = (
    matrix("uint4", "int4", (6, 3), (30, 1)),
    matrix("uint4", "int4", (3, 4), (5, 2), 2),
    matrix("uint4", "int4", (4, 5), (6, 1), 3),
    matrix("uint8", "int8", (3, 2), (5, 3)),
    matrix("uint8", "int8", (3, 2), (5, 3), 1),
    matrix("int8", "int8", (3, 2), (5, 2), 2),
    matrix("uint8", "int3", (4, 1), (7, 1), 1),
    matrix("uint8", "int4", (40, 2), (100, 1), 2),
    matrix("int3", "int3", (50, 2), (20, 1), 2),
    matrix("uint2", "int2", (2, 3), (9, 2), 3),
    matrix("uint4", "uint2", (2, 6), (9, 1), 3),
)


@pytest.mark.needs(tools.YOSYS)
@pytest.mark.parametrize(
    "name", ["ecp5", *(pytest.param(name, marks=pytest.mark.slow) for name in ("xilinx7", "ultrascale-plus", "ice40"))]
)
def test_block_ram_and_dsp_are_as_predicted(name: str, tmp_path: Path) -> None:
    family = FAMILIES[name]
    mvau = kind_of("mvau")
    kernels = [k for k in MATRICES if mvau.operand_bits(k.layer, k.folding) <= family.multiplier_bits]
    assert len(kernels) > 7
    for kernel, taken in zip(kernels, synthesize_kernels(family, kernels, tmp_path), strict=True):
        assert kernel.folding in mvau.foldings(kernel.layer)
        weights = mvau.memories(kernel.layer, kernel.folding)[0]
        expected = block_count(family, weights), mvau.logic(kernel.layer, kernel.folding).dsp
        assert (taken.block_ram, taken.dsp) == expected, kernel.folding


# (words, width, storage; None: all of it in large RAM)
WHOLE = 2
MEMORIES = (
    (540, 36, Storage(512, 36)),
    (530, 37, Storage(512, 36)),
    (1127, 24, Storage(1127, 24)),
    (1030, 19, Storage(1024, 18)),
    (300, 38, Storage(300, 36)),
    (260, 17, Storage(256, 16)),
    (3600, 32, Storage(3584, 32)),
    (4110, 3, Storage(4096, 3)),
    (50, 20, IN_LUTS),
    (3600, 32, None),
    (9000, 25, None),
)


def stored(words: int, width: int, storage: Storage | None, writable: bool) -> Kernel:
    """A kernel around one memory: a FIFO's buffer, or the weights of one row."""
    storage = storage or Storage(words, width, large=True)
    if writable:
        stream = Stream((1, 1, width), IntType(1, signed=False))
        return Kernel(
            Layer("", "fifo", (stream,), (stream,), {"depth": words + 1}), Folding(width), {"buffer": storage}
        )
    layer, folding = random_case(np.random.default_rng(words), "uint1", "bipolar", None, 1, (1, 1), (words, width))
    return Kernel(layer, folding, {"weights": storage})


@pytest.mark.needs(tools.YOSYS)
@pytest.mark.parametrize(
    "family", [pytest.param(x, marks=[] if x in ("ecp5", "xilinx7") else pytest.mark.slow) for x in FAMILIES]
)
def test_split_memories_take_the_blocks_that_are_counted(family: str, tmp_path: Path) -> None:
    device = FAMILIES[family]
    sizes = [size for size in MEMORIES if size[2] is not None or device.large_shape]
    kernels = [stored(*size, writable=False) for size in sizes if size[2]]
    kernels += [stored(*size, writable=True) for size in sizes if device.lut_rams or size == MEMORIES[WHOLE]]
    for kernel, taken in zip(kernels, synthesize_kernels(device, kernels, tmp_path), strict=True):
        (memory,) = kind_of(kernel.layer.kind).memories(kernel.layer, kernel.folding)
        counts = memory_resources(device, memory, kernel.storage[memory.name])
        assert (taken.block_ram, taken.large_ram) == (counts.block_ram, counts.large_ram), memory
        assert taken.ff >= counts.ff


# By family: (folds of rows, pe), (steps of columns, simd) of matrices whose weights are loaded: in each way, some in
# parts that are joined, some wider than one RAM.
LOADED = {
    "ice40": (((16, 1), (100, 4)), ((8, 3), (9, 3)), ((150, 1), (125, 2))),
    "ultrascale-plus": (((4, 9), (20, 12)), ((2, 16), (80, 9)), ((32, 1), (100, 9)), ((48, 2), (120, 4))),
    "nexus": (((16, 1), (100, 4)), ((8, 5), (9, 3)), ((200, 1), (125, 2))),
}


@pytest.mark.needs(tools.YOSYS)
@pytest.mark.parametrize("family", [pytest.param(x, marks=[] if x == "ice40" else pytest.mark.slow) for x in LOADED])
def test_loaded_weights_take_large_ram_alone_and_as_much_as_is_counted(family: str, tmp_path: Path) -> None:
    device, mvau, kernels = FAMILIES[family], kind_of("mvau"), []
    for rows, columns in LOADED[family]:
        layer, folding = random_case(np.random.default_rng(1), "uint1", "int4", None, 1, rows, columns)
        layer = replace(layer, attributes={**layer.attributes, "loadable": 1})
        weights, *rest = mvau.memories(layer, folding)
        place = large_storage(device, weights)
        assert place
        kernels.append(Kernel(layer, folding, {"weights": place} | {memory.name: IN_LUTS for memory in rest}))
    for kernel, taken in zip(kernels, synthesize_kernels(device, kernels, tmp_path), strict=True):
        memories = {memory.name: memory for memory in mvau.memories(kernel.layer, kernel.folding)}
        counts = [memory_resources(device, memory, kernel.storage[name]) for name, memory in memories.items()]
        expected = sum(counts, logic_resources(device, kernel.layer, kernel.folding))
        assert (taken.block_ram, taken.large_ram) == (0, expected.large_ram), kernel.folding
        assert abs(expected.ff - taken.ff) <= 0.05 * taken.ff, kernel.folding


@pytest.mark.needs(tools.YOSYS)
def test_what_yosys_refuses_is_shown(tmp_path: Path) -> None:
    for folder in ("rtl", "memory"):
        (tmp_path / folder).mkdir()
    (tmp_path / "rtl" / "accelerator.sv").write_text("module accelerator (input a; endmodule")
    (tmp_path / "synthesis").mkdir()
    with pytest.raises(UserError, match="syntax error"):
        synthesize_design(ECP5, tmp_path, tmp_path / "synthesis")


def test_without_yosys_the_message_names_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWCODESIGN_YOSYS", str(tmp_path / "yosys"))
    with pytest.raises(UserError, match="HWCODESIGN_YOSYS"):
        synthesize_kernels(ECP5, [matrix("uint4", "int4", (2, 2), (2, 2))], tmp_path)


@pytest.mark.needs(tools.YOSYS)
@pytest.mark.slow
@pytest.mark.parametrize("board", ["pynq-z1", "ulx3s-85f"])
def test_a_whole_network_takes_about_what_was_predicted(board: str, tmp_path: Path) -> None:
    design = plan(tiny_squeezenet(), load_board(board), 50.0, 5000)
    emit(design.design, design.foldings, design.storage, tmp_path / "emitted")
    (tmp_path / "synthesis").mkdir()
    taken = synthesize_design(load_board(board).device, tmp_path / "emitted", tmp_path / "synthesis")
    assert (taken.block_ram, taken.dsp) == (design.resources.block_ram, design.resources.dsp)
    assert abs(design.resources.lut - taken.lut) <= 0.15 * taken.lut
    assert abs(design.resources.ff - taken.ff) <= 0.05 * taken.ff
