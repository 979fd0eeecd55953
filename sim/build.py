"""Builds and runs the bench of one kind: a top level with every case side by side, one simulator build for all."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hwcodesign.core.assets import hls_source
from hwcodesign.emit.instance import (
    beat_bits,
    instance,
    is_loaded,
    loaded_beats,
    loader,
    modules_of,
    with_words,
    write_images,
)
from hwcodesign.kinds import IN_LUTS, Storage, kind_of
from hwcodesign.simulate import simulator
from sim.bench import LOADED, Case, load_cases

TOP = "bench_top"
LOAD_BITS = 8


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
        write_images(case.layer, case.folding, _storage(number, case), case.layer.name, folder)
    beats = [beat for number in _loaded(cases) for beat in _beats(number, cases[number])]
    (folder / LOADED).write_text(json.dumps(beats))
    modules = (*modules_of(kind), *(["loader"] if beats else []))

    sources = [hls_source(module, hls) for module in modules] + [top]
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
        *(_LOADER_PORTS if _loaded(cases) else ()),
        *(("input", bits, f"in{i}_data_i") for i, bits in enumerate(inputs)),
        *(("output", bits, f"out{i}_data_o") for i, bits in enumerate(outputs)),
    ]


_LOADER_PORTS = (
    ("input", LOAD_BITS, "words_data_i"),
    ("input", 1, "words_valid_i"),
    ("input", 1, "words_last_i"),
    ("output", 1, "words_ready_o"),
)


def _top_level(cases: list[Case]) -> str:
    declarations = ",\n".join(f"  {direction} logic [{bits - 1}:0] {name}" for direction, bits, name in _ports(cases))
    instances = "".join(_case_instance(number, case, _loaded(cases)) for number, case in enumerate(cases))
    return f"module {TOP} (\n{declarations}\n);\n{_loader(len(_loaded(cases)))}{instances}endmodule\n"


def _loaded(cases: list[Case]) -> list[int]:
    """The cases whose weights are loaded, by number."""
    return [number for number, case in enumerate(cases) if is_loaded(_storage(number, case))]


def _beats(number: int, case: Case) -> Iterator[int]:
    return loaded_beats(case.layer, case.folding, _storage(number, case), LOAD_BITS)


def _loader(loaded: int) -> str:
    """The loader in front of all loaded cases; their own streams do not pass it."""
    if not loaded:
        return ""
    ends = {f"in_{part}": f"words_{part}" for part in ("data_i", "valid_i", "last_i", "ready_o")}
    return loader(LOAD_BITS, loaded, ends | {"out_valid_o": "", "out_ready_i": "1'b0"})


def _case_instance(number: int, case: Case, loaded: list[int]) -> str:
    ins, outs = len(case.layer.inputs), len(case.layer.outputs)
    signals = {
        "in_data": _joined([f"in{case.first_input + i}_data_i" for i in range(ins)]),
        "in_valid": f"in_valid_i[{case.first_input}+:{ins}]",
        "in_ready": f"in_ready_o[{case.first_input}+:{ins}]",
        "out_data": _joined([f"out{case.first_output + i}_data_o" for i in range(outs)]),
        "out_valid": f"out_valid_o[{case.first_output}+:{outs}]",
        "out_ready": f"out_ready_i[{case.first_output}+:{outs}]",
    }
    if number in loaded:
        signals = with_words(signals, loaded.index(number))
    return instance(case.layer, case.folding, _storage(number, case), case.layer.name, signals, LOAD_BITS)


def _storage(number: int, case: Case) -> dict[str, Storage]:
    """Memories take turns: in LUTs, in block RAM, and twice split between them; what is loaded, in all its ways."""
    rng = np.random.default_rng(number)
    choices = {}
    for memory in kind_of(case.layer.kind).memories(case.layer, case.folding):
        some = Storage(int(rng.integers(1, memory.words + 1)), int(rng.integers(1, memory.width + 1)))
        choices[memory.name] = (IN_LUTS, some, Storage.whole(memory), some)[number % 4]
        if memory.loadable:
            choices[memory.name] = Storage.whole(memory, large=True)._replace(way=1 + number % 3)
    return choices


def _joined(names: list[str]) -> str:
    return "{" + ", ".join(reversed(names)) + "}"
