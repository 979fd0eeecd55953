"""Builds and runs the bench of one kind: a top level with every case side by side, one simulator build for all."""

from pathlib import Path

import numpy as np

from hwcodesign import simulator
from hwcodesign.assets import asset_folder
from hwcodesign.kinds import IN_LUTS, Storage, kind_of
from hwcodesign.rtl import beat_bits, instance, write_images
from sim.bench import Case, load_cases

TOP = "bench_top"


def run_bench(
    kind: str, folder: Path, seed: int = 1, name: simulator.Name = "verilator", hls: Path | None = None
) -> None:
    """Build all cases of `kind` in `folder` and run them, with the kernels of `hls` if not our own.

    Raises UserError with the failure if a case differs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cases = load_cases(kind, seed)
    top = folder / f"{TOP}.sv"
    top.write_text(_top_level(cases))
    for number, case in enumerate(cases):
        write_images(case.layer, case.folding, _storage(number, case), folder)
    modules = (kind, *kind_of(kind).cells)
    kernels = hls or asset_folder("hls")
    sources = [kernels / f"{module}.sv" for module in modules] + [top]
    simulation = simulator.build(folder, TOP, sources, [port for _, _, port in _ports(cases)], name, optimise="-O0")
    # Registers and memories start with random values: what needs a reset and has none, shows.
    arguments = ["+verilator+rand+reset+2", f"+verilator+seed+{seed}"] if name == "verilator" else []
    simulator.run(simulation, "sim.bench", {"BENCH_KIND": kind, "BENCH_SEED": str(seed)}, arguments)


def _ports(cases: list[Case]) -> list[tuple[str, int, str]]:
    """(direction, bits, name) of every port of the top level."""
    widths = [beat_bits(case.layer, case.folding) for case in cases]
    inputs = [bits for ins, _ in widths for bits in ins]
    outputs = [bits for _, outs in widths for bits in outs]
    return [
        ("input", 1, "aclk"),
        ("input", 1, "aresetn"),
        ("input", len(inputs), "in_valid_i"),
        ("output", len(inputs), "in_ready_o"),
        ("output", len(outputs), "out_valid_o"),
        ("input", len(outputs), "out_ready_i"),
        *(("input", bits, f"in{i}_data_i") for i, bits in enumerate(inputs)),
        *(("output", bits, f"out{i}_data_o") for i, bits in enumerate(outputs)),
    ]


def _top_level(cases: list[Case]) -> str:
    declarations = ",\n".join(f"  {direction} logic [{bits - 1}:0] {name}" for direction, bits, name in _ports(cases))
    instances = "".join(map(_case_instance, range(len(cases)), cases))
    return f"module {TOP} (\n{declarations}\n);\n{instances}endmodule\n"


def _case_instance(number: int, case: Case) -> str:
    ins, outs = len(case.layer.inputs), len(case.layer.outputs)
    signals = {
        "in_data": _joined([f"in{case.first_input + i}_data_i" for i in range(ins)]),
        "in_valid": f"in_valid_i[{case.first_input}+:{ins}]",
        "in_ready": f"in_ready_o[{case.first_input}+:{ins}]",
        "out_data": _joined([f"out{case.first_output + i}_data_o" for i in range(outs)]),
        "out_valid": f"out_valid_o[{case.first_output}+:{outs}]",
        "out_ready": f"out_ready_i[{case.first_output}+:{outs}]",
    }
    return instance(case.layer, case.folding, _storage(number, case), f"u_{case.layer.name}", signals)


def _storage(number: int, case: Case) -> dict[str, Storage]:
    """Memories take turns: in LUTs, in block RAM, and twice split between them at random."""
    rng = np.random.default_rng(number)
    choices = {}
    for memory in kind_of(case.layer.kind).memories(case.layer, case.folding):
        some = Storage(int(rng.integers(1, memory.words + 1)), int(rng.integers(1, memory.width + 1)))
        choices[memory.name] = (IN_LUTS, some, Storage.whole(memory), some)[number % 4]
    return choices


def _joined(names: list[str]) -> str:
    return "{" + ", ".join(reversed(names)) + "}"
