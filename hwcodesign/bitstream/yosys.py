"""What Yosys makes of a kernel or of an emitted design: the counts that the estimates are held against."""

import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hwcodesign.bitstream.nextpnr_packing import Module, cell_types
from hwcodesign.core import tools
from hwcodesign.core.assets import hls_source
from hwcodesign.dataflow import Layer
from hwcodesign.emit.instance import SIGNALS, beat_bits, instance, is_loaded, modules_of, write_images
from hwcodesign.emit.top_level import TOP
from hwcodesign.fpga.family import Family
from hwcodesign.fpga.resources import Resources
from hwcodesign.kinds import Folding, Storage

LOAD_BITS = 8  # in which a kernel by itself takes the words of loaded memories


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
    return [counted(family, mapped[kernel.layer.name]) for kernel in named]


def synthesize_design(family: Family, emitted: Path, folder: Path) -> Resources:
    """What the design that `emit` wrote into `emitted` takes; Yosys runs in `folder`."""
    for file in (*(emitted / "rtl").iterdir(), *(emitted / "memory").iterdir()):
        shutil.copyfile(file, folder / file.name)
    return counted(family, _synthesize(family, folder, sorted(file.name for file in folder.glob("*.sv")), TOP)[TOP])


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


def counted(family: Family, module: Module) -> Resources:
    """Resources of a mapped module without instances of others."""
    return resources_of(family, Counter(kind for _, kind in cell_types(module)))


def resources_of(family: Family, cells: Mapping[str, int]) -> Resources:
    """Resources of so many cells of each type (see nextpnr_packing.cell_types)."""
    known = family.cells
    return Resources(
        lut=sum(known.lut.get(cell, 0) * count for cell, count in cells.items()),
        ff=sum(count for cell, count in cells.items() if cell.startswith(known.flip_flops)),
        dsp=sum(count for cell, count in cells.items() if cell in known.multipliers),
        block_ram=sum(known.block_ram.get(cell, 0) * count for cell, count in cells.items()),
        large_ram=sum(count for cell, count in cells.items() if cell in known.large_ram),
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
