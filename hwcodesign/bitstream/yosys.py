"""What Yosys makes of a kernel or of an emitted design: the counts that the estimates are held against."""

import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hwcodesign.bitstream.nextpnr_packing import LOGIC_CELL, Module, cell_types
from hwcodesign.core import tools
from hwcodesign.core.assets import hls_source
from hwcodesign.dataflow import Layer
from hwcodesign.emit.instance import SIGNALS, beat_bits, instance, is_loaded, modules_of, write_images
from hwcodesign.emit.top_level import TOP
from hwcodesign.fpga.families import Family
from hwcodesign.fpga.resources import Resources
from hwcodesign.kinds import Folding, Storage

# The cells of a mapped netlist, and how many of each resource one takes. A LUT RAM takes whole LUTs: AMD UG474 and
# UG574 (distributed RAM), Lattice FPGA-TN-02204 (two slices of data and one for the write port), Gowin UG288
# (a whole CFU); CCU2C is a carry over two LUTs, ALU one over one.
_LUTS: Mapping[str, int] = {
    **{f"LUT{inputs}": 1 for inputs in range(1, 7)},
    **{"INV": 1, "SRL16E": 1, "SRLC32E": 1, "RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4, "RAM32M": 4, "RAM64M": 4},
    **{"RAM32M16": 8, "RAM64M8": 8, "RAM32X16DR8": 8, "RAM64X8SW": 8},
    **{"CCU2C": 2, "TRELLIS_DPR16X4": 6, "SB_LUT4": 1, LOGIC_CELL: 1, "ALU": 1, "RAM16SDP4": 8},
}
_FLIP_FLOPS = ("FDRE", "FDSE", "FDCE", "FDPE", "TRELLIS_FF", "SB_DFF", "DFF")  # the last two: and their variants
_BLOCKS: Mapping[str, int] = {
    **{"RAMB18E1": 1, "RAMB36E1": 2, "RAMB18E2": 1, "RAMB36E2": 2, "DP16KD": 1, "PDPW16KD": 1, "SB_RAM40_4K": 1},
    **dict.fromkeys(("SP", "SPX9", "SDPB", "SDPX9B", "DPB", "DPX9B", "pROM", "pROMX9"), 1),
}
_LARGE = ("URAM288", "SB_SPRAM256KA")
LOAD_BITS = 8  # in which a kernel by itself takes the words of loaded memories
_MULTIPLIERS = ("DSP48E1", "DSP48E2", "MULT18X18D", "SB_MAC16", "MULT9X9", "MULT18X18", "MULT36X36")


@dataclass(frozen=True)
class Kernel:
    """One layer's kernel with its memories placed, to be synthesized by itself. `layer` has its tensors."""

    layer: Layer
    folding: Folding
    storage: Mapping[str, Storage]


def synthesize_kernels(family: Family, kernels: Sequence[Kernel], folder: Path) -> list[Resources]:
    """What each of `kernels` takes, from one run of Yosys in `folder`, which keeps each in a module of its own."""
    modules = sorted({module for k in kernels for module in modules_of(k.layer.kind)})
    for module in modules:
        shutil.copyfile(hls_source(module), folder / f"{module}.sv")
    named = [replace(k, layer=replace(k.layer, name=f"kernel{i}")) for i, k in enumerate(kernels)]
    for kernel in named:
        write_images(kernel.layer, kernel.folding, kernel.storage, kernel.layer.name, folder)
    (folder / "kernels.sv").write_text("".join(map(_wrapper, named)) + _row(named))
    mapped = _synthesize(family, folder, [f"{name}.sv" for name in (*modules, "kernels")], "kernels")
    return [counted(mapped[kernel.layer.name]) for kernel in named]


def synthesize_design(family: Family, emitted: Path, folder: Path) -> Resources:
    """What the design that `emit` wrote into `emitted` takes; Yosys runs in `folder`."""
    for file in (*(emitted / "rtl").iterdir(), *(emitted / "memory").iterdir()):
        shutil.copyfile(file, folder / file.name)
    return counted(_synthesize(family, folder, sorted(file.name for file in folder.glob("*.sv")), TOP)[TOP])


def _synthesize(family: Family, folder: Path, sources: Sequence[str], top: str) -> Mapping[str, Module]:
    """Every module that is left, by name. Memory images are read from `folder`, the log is yosys.log.

    Raises UserError if Yosys is missing or fails.
    """
    commands = [read_sources(family, sources), f"{family.synthesis} -top {top} -json netlist.json"]
    (folder / "synthesis.ys").write_text("\n".join(commands) + "\n")
    tools.run([tools.require(tools.YOSYS), "-q", "synthesis.ys"], folder, folder / "yosys.log")
    modules: Mapping[str, Module] = json.loads((folder / "netlist.json").read_text())["modules"]
    return modules


def read_sources(family: Family, sources: Sequence[str]) -> str:
    """The Yosys command that reads a design's sources for the family."""
    define = "" if family.lut_rams else "-D HWCODESIGN_NO_LUT_RAM "
    return f"read_verilog -sv {define}{' '.join(sources)}"


def counted(module: Module) -> Resources:
    """Resources of a mapped module without instances of others."""
    return resources_of(Counter(kind for _, kind in cell_types(module)))


def resources_of(cells: Mapping[str, int]) -> Resources:
    """Resources of so many cells of each type (see packing.cell_types)."""
    return Resources(
        lut=sum(_LUTS.get(cell, 0) * count for cell, count in cells.items()),
        ff=sum(count for cell, count in cells.items() if cell.startswith(_FLIP_FLOPS)),
        dsp=sum(count for cell, count in cells.items() if cell in _MULTIPLIERS),
        block_ram=sum(_BLOCKS.get(cell, 0) * count for cell, count in cells.items()),
        large_ram=sum(count for cell, count in cells.items() if cell in _LARGE),
    )


def _ports(kernel: Kernel) -> dict[str, tuple[str, int]]:
    """Direction and bits of the ports that carry the kernel's streams."""
    ends = dict(zip(("in", "out"), beat_bits(kernel.layer, kernel.folding), strict=True))
    if is_loaded(kernel.storage):
        ends["in"].append(LOAD_BITS)
    found = {}
    for signal in SIGNALS:
        end, part = signal.split("_")
        direction = "input" if (end == "in") != (part == "ready") else "output"
        found[signal] = direction, sum(ends[end]) if part == "data" else len(ends[end])
    return found


def _wrapper(kernel: Kernel) -> str:
    """A module by the layer's name, with the kernel inside; flattening stops at its border."""
    name = kernel.layer.name
    ports = [f"{direction} logic [{bits - 1}:0] {port}" for port, (direction, bits) in _ports(kernel).items()]
    heading = ",\n  ".join(["input logic aclk", "input logic aresetn", *ports])
    signals = {port: port for port in SIGNALS}
    body = instance(kernel.layer, kernel.folding, kernel.storage, name, signals, LOAD_BITS)
    return f"(* keep_hierarchy *)\nmodule {name} (\n  {heading}\n);\n{body}endmodule\n"


def _row(kernels: Sequence[Kernel]) -> str:
    """The top level: every kernel with ports of its own."""
    ports, instances = ["input logic aclk", "input logic aresetn"], []
    for kernel in kernels:
        name = kernel.layer.name
        ports += [f"{way} logic [{bits - 1}:0] {name}_{port}" for port, (way, bits) in _ports(kernel).items()]
        joined = ", ".join(f".{port}({name}_{port})" for port in _ports(kernel))
        instances.append(f"  {name} u_{name} (.aclk, .aresetn, {joined});\n")
    return "module kernels (\n  " + ",\n  ".join(ports) + "\n);\n" + "".join(instances) + "endmodule\n"
