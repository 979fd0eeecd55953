"""Fits the cost estimates to what Yosys makes of the kernels, and holds them against designs that the fit did not see.

    python -m benchmarks.calibrate [FAMILY ...] [--kinds KIND ...]

Synthesizes a sweep of kernels for each family (minutes each, all by default), writes the fitted coefficients and the
errors measured on the held-out designs to `hwcodesign/kinds/costs.json`, and prints both. The kernels are those of
planned networks, with random weights and thresholds; since plans weigh estimates, another run differs a little. Of a
kind that none of those networks has they are the cases of its bench, so a new kind is calibrated without a line here.

`--kinds` fits these kinds alone, beside what is known of the others, which stays as it is.
"""

import argparse
import importlib
import json
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import nnls

from benchmarks.history import record
from hwcodesign.bitstream.yosys import Kernel, synthesize_design, synthesize_kernels
from hwcodesign.dataflow import Dataflow, Shape
from hwcodesign.emit.top_level import emit
from hwcodesign.fpga import calibration
from hwcodesign.fpga.board import RESOURCES, Board, load_board
from hwcodesign.fpga.calibration import ESTIMATED, terms
from hwcodesign.fpga.families import FAMILIES
from hwcodesign.fpga.family import Family
from hwcodesign.fpga.resources import Resources
from hwcodesign.graph.predict import predict
from hwcodesign.graph.random_tensors import randomised
from hwcodesign.kinds import Role, Storage, all_kinds, kind_of
from hwcodesign.nets import metaparameters
from hwcodesign.nets.network import Quantization
from hwcodesign.plan import Plan, groups, memory, options, plan
from hwcodesign.plan.memory import logic_resources, memory_resources

BOARDS = {
    "xilinx7": "pynq-z1",
    "ultrascale-plus": "zcu104",
    "ecp5": "ulx3s-85f",
    "ice40": "icebreaker",
    "gw2a": "tang-nano-20k",
    "nexus": "crosslink-nx-evn",
    "gatemate": "gatemate-a1-evb",
}
SMALL_BOARDS = ("ice40", "gw2a", "nexus", "gatemate")  # families whose largest board is too small for the sweep
ENLARGED = 24
SQUEEZENET = {"fire_modules": 4, "base_e": 32, "incr_e": 32, "conv1_filters": 32, "conv1_kernel": 3, "conv1_stride": 1,
              "conv1_pad": 1, "pool_after": ["conv1", "fire3"], "pool_kernel": 2}  # fmt: skip
SMALL = SQUEEZENET | {"fire_modules": 2, "base_e": 16, "conv1_filters": 8, "pool_after": ["conv1"]}
Case = tuple[str, dict[str, Any], Shape, int, int, float]
# (family, metaparameters, image, weight bits, activation bits, frames per second)
SWEEP: tuple[Case, ...] = (
    ("squeezenet", SQUEEZENET | {"bypass": "simple"}, (32, 32, 3), 4, 4, 150),
    ("squeezenet", SQUEEZENET | {"bypass": "simple"}, (32, 32, 3), 4, 4, 1500),
    ("squeezenet", SQUEEZENET, (32, 32, 3), 2, 2, 500),
    ("squeezenet", SQUEEZENET, (32, 32, 3), 1, 3, 1000),
    ("squeezenet", SQUEEZENET | {"bypass": "complex"}, (16, 16, 3), 4, 4, 5500),
    ("lenet", {}, (32, 32, 1), 4, 4, 2000),
    ("lenet", {}, (32, 32, 1), 3, 2, 500),
)
HELD_OUT: tuple[Case, ...] = (
    ("squeezenet", SMALL | {"bypass": "simple"}, (16, 16, 1), 4, 4, 2000),
    ("squeezenet", SMALL | {"SR": 0.25}, (16, 16, 3), 2, 3, 5000),
    ("lenet", {"filters": (4, 8, 40, 20)}, (28, 28, 1), 3, 4, 2000),
)
HELD_OUT_KERNELS: Case = ("zynqnet", {"width": 0.25, "fire_modules": 3}, (32, 32, 3), 4, 4, 500)
CLOCK_MHZ = 50.0
LARGEST_LUT = 1500  # estimated; larger kernels are more of the same, and take Yosys long
STIFFNESS = 0.05
MEMORY_ERROR = 0.3  # of what memories of LUTs take, which depends on their contents
PER_KIND = {"mvau": 18, "sliding_window": 10, "thresholding": 8, "fifo": 12, "width_converter": 10, "vvau": 24}
OTHERS = 5
PACKED = 10
TOLERANCE = 0.1  # of a kind that only its bench has, in total; beyond it the coefficients would promise too much
FROM_BENCH = 14  # of a kind that no network of the sweep has, unless it is in PER_KIND
BENCH_SEEDS, UNSEEN_SEED = (1, 2), 3


Measured = tuple[Kernel, Resources]


def planned(board: str, case: Case, even: bool = True) -> Plan:
    """The plan of a network with random tensors, its thresholds `even` or in tables."""
    return plan(randomised(described(case), 1, even), roomy(load_board(board)), CLOCK_MHZ, case[-1])


def described(case: Case) -> Dataflow:
    """The graph of the network, without tensors."""
    name, parameters, image, weight_bits, activation_bits, _ = case
    return predict(metaparameters(name, parameters).describe(image, 10), Quantization(weight_bits, activation_bits))


def roomy(board: Board) -> Board:
    """The board, or so many of a small one that the sweep's networks fit, and no resource alone is short."""
    if board.family not in SMALL_BOARDS:
        return board
    amounts = {name: ENLARGED * amount for name, amount in board.resources.model_dump().items()}
    return board.model_copy(update={"resources": board.resources.model_copy(update=amounts)})


def in_networks() -> set[str]:
    """The kinds that the sweep's networks have."""
    graphs = (described(case) for case in SWEEP)
    inserted = {name for name, kind in all_kinds().items() if kind.role is not Role.LAYER}
    return inserted | {layer.kind for graph in graphs for layer in graph.layers}


def from_bench(kind: str, *seeds: int) -> list[Kernel]:
    """The cases of the kind's bench, its memories in block RAM, so that nothing but logic is left to count."""
    bench = importlib.import_module(f"sim.{kind}")
    cases = (case for seed in seeds for case in bench.cases(np.random.default_rng(seed)))
    return [Kernel(*case, {m.name: Storage.whole(m) for m in kind_of(kind).memories(*case)}) for case in cases]


def kernels(design: Plan) -> Iterator[Kernel]:
    """Every kernel of the design, where the plan has its memories."""
    for layer in design.design.layers:
        yield Kernel(layer, design.foldings[layer.name], design.storage.get(layer.name, {}))


def packed(family: Family, found: Sequence[Kernel]) -> list[Kernel]:
    """The kernels whose multipliers can be hardware, with as many products in each as the family allows."""
    variants = []
    for kernel in found if family.cells.multipliers else ():
        kind = kind_of(kernel.layer.kind)
        same = (f for f in kind.foldings(kernel.layer) if replace(f, packed=kernel.folding.packed) == kernel.folding)
        most = max(f for f in same if kind.operand_bits(kernel.layer, f) <= family.multiplier_bits)
        if most.packed:
            variants.append(replace(kernel, folding=most))
    return variants


def spread(found: Sequence[Kernel], limits: dict[str, int], other: int) -> list[Kernel]:
    """Of every kind as many as allowed, from the smallest to the largest."""
    chosen = []
    for kind in sorted({k.layer.kind for k in found}):
        by_size = {_size(k): k for k in found if k.layer.kind == kind and _size(k)[0] <= LARGEST_LUT}
        row = [by_size[size] for size in sorted(by_size)]
        count = min(len(row), limits.get(kind, other))
        chosen += [row[i * (len(row) - 1) // max(1, count - 1)] for i in range(count)]
    return chosen


def _size(kernel: Kernel) -> tuple[int, int]:
    logic = kind_of(kernel.layer.kind).logic(kernel.layer, kernel.folding)
    return logic.lut, logic.ff


Coefficients = Mapping[str, Mapping[str, float]]  # by kind, then by term


def fit(family: Family, measured: Sequence[Measured], kept: Mapping[str, Coefficients]) -> dict[str, Coefficients]:
    """Coefficients for `lut` and `ff`: those of the measured kinds beside those that are `kept`."""
    return {x: {**kept.get(x, {}), **_fit(family, measured, x, kept.get(x, {}))} for x in ESTIMATED}


def _fit(family: Family, measured: Sequence[Measured], resource: str, kept: Coefficients) -> Coefficients:
    """Least squares of the error over the square root of the size, so that neither small nor large kernels rule,
    nor those that are mostly memory.

    Where the sweep says little, a coefficient stays near what the structure alone says: 1, and 0 for each kernel and
    for flip-flops in logic cells. What a measured kind shares with a kept one is known.
    """
    known = {_shared(kind, term): value for kind, row in kept.items() for term, value in row.items()}
    rows = [{_shared(*name): amount for name, amount in _terms(family, kernel, resource)} for kernel, _ in measured]
    everywhere = {name for kernel, _ in measured for name, _ in _terms(family, kernel, resource)}
    whole = np.array([getattr(taken, resource) for _, taken in measured], dtype=float)
    stored = np.array([getattr(in_memories(family, kernel), resource) for kernel, _ in measured], dtype=float)
    certain = np.array([sum(known[name] * amount for name, amount in row.items() if name in known) for row in rows])
    found = np.maximum(0, whole - stored - certain)
    names = sorted({name for row in rows for name in row} - known.keys())
    weight = 1 / np.sqrt(np.maximum(whole, 1) + (MEMORY_ERROR * stored) ** 2)
    matrix = np.array([[row.get(name, 0) for name in names] for row in rows]) * weight[:, None]
    held = STIFFNESS * np.linalg.norm(matrix, axis=0)
    prior = np.array([float(term not in ("kernel", "flip_flops")) for _, term in names])
    values, _ = nnls(np.vstack([matrix, np.diag(held)]), np.concatenate([found * weight, held * prior]))
    found_for = known | dict(zip(names, values, strict=True))
    coefficients: dict[str, dict[str, float]] = {}
    for kind, term in sorted(everywhere):
        coefficients.setdefault(kind, {})[term] = round(float(found_for[_shared(kind, term)]), 3)
    return coefficients


def _shared(kind: str, term: str) -> tuple[str, str]:
    """The name under which a term is fitted: the threshold unit is the same wherever it stands."""
    return ("threshold_unit" if "threshold" in term else kind), term


def _terms(family: Family, kernel: Kernel, resource: str) -> Iterator[tuple[tuple[str, str], int]]:
    """Every term of the kernel by (kind, term); its memories are no part of the fit."""
    kind = kind_of(kernel.layer.kind)
    amounts = terms(family, kind.logic(kernel.layer, kernel.folding))[resource]
    return (((kind.name, term), amount) for term, amount in amounts.items())


def in_memories(family: Family, kernel: Kernel) -> Resources:
    """What the kernel's memories take: arithmetic, held against single memories in the tests."""
    memories = kind_of(kernel.layer.kind).memories(kernel.layer, kernel.folding)
    return sum((memory_resources(family, memory, kernel.storage[memory.name]) for memory in memories), Resources())


def estimated(family: Family, kernel: Kernel) -> Resources:
    """What `check` counts for the kernel and its memories."""
    return in_memories(family, kernel) + logic_resources(family, kernel.layer, kernel.folding)


def print_errors(family: Family, measured: Sequence[Measured]) -> None:
    """For every kind: kernels, LUTs and flip-flops in total, mean and worst error of one; then RAM and DSP."""
    print(
        f"{'kind':16} {'n':>3}  "
        + "".join(f"{x.upper():>7} {'total':>7} {'mean':>6} {'worst':>7}  " for x in ESTIMATED)
    )
    for kind in sorted({kernel.layer.kind for kernel, _ in measured}):
        pairs = [(estimated(family, kernel), taken) for kernel, taken in measured if kernel.layer.kind == kind]
        print(f"{kind:16} {len(pairs):3}  " + "  ".join(_errors(pairs, resource) for resource in ESTIMATED))
    print_totals([(estimated(family, kernel), taken) for kernel, taken in measured])


def print_totals(pairs: Sequence[tuple[Resources, Resources]]) -> None:
    """Every resource in total: predicted, synthesized, difference; and how many of the pairs differ."""
    for resource in RESOURCES:
        first, second = (sum(getattr(pair[i], resource) for pair in pairs) for i in (0, 1))
        differing = sum(getattr(a, resource) != getattr(b, resource) for a, b in pairs)
        share = f"{first / second - 1:+.1%}" if second else ""
        counts = f"predicted {first:6}  synthesized {second:6}  {share:>6}"
        print(f"  {resource:10} {counts}  ({differing} of {len(pairs)} differ)")


def _errors(pairs: Sequence[tuple[Resources, Resources]], resource: str) -> str:
    numbers = [(getattr(a, resource), getattr(b, resource)) for a, b in pairs]
    errors = [a / b - 1 for a, b in numbers if b]
    total = sum(a for a, _ in numbers) / sum(b for _, b in numbers) - 1
    mean, worst = sum(map(abs, errors)) / len(errors), max(errors, key=abs)
    return f"{sum(b for _, b in numbers):7} {total:+7.1%} {mean:6.1%} {worst:+7.1%}"


def synthesized(family: Family, wanted: Sequence[Kernel]) -> list[Measured]:
    """The kernels with what they take."""
    with tempfile.TemporaryDirectory() as folder:
        return list(zip(wanted, synthesize_kernels(family, wanted, Path(folder)), strict=True))


def synthesized_network(family: Family, design: Plan) -> Resources:
    """What the emitted network takes."""
    with tempfile.TemporaryDirectory() as name:
        emitted, folder = Path(name, "emitted"), Path(name, "synthesis")
        folder.mkdir()
        emit(design.design, design.foldings, design.storage, emitted)
        return synthesize_design(family, emitted, folder)


def predicted(family: Family, design: Plan) -> Resources:
    """The plan's resources by the present coefficients."""
    return sum((estimated(family, kernel) for kernel in kernels(design)), Resources())


def write_costs(family: Family, costs: dict[str, Any]) -> None:
    """Replace the family's part of the file of coefficients."""
    calibration.costs.cache_clear()  # another run may have written it meanwhile
    everything = {**calibration.costs(), family.name: costs}
    calibration.COSTS.write_text(json.dumps(everything, indent=1, sort_keys=True) + "\n")
    calibration.costs.cache_clear()
    for module in (groups, memory, options):  # the planner remembers estimates by the coefficients before
        for remembered in vars(module).values():
            if hasattr(remembered, "cache_clear"):
                remembered.cache_clear()


def calibrate(family: Family, kinds: Collection[str]) -> None:
    """Sweep, fit `kinds`, hold against what the fit did not see; print and write it all."""
    board, networks = BOARDS[family.name], in_networks()
    before = calibration.costs().get(family.name, {})
    kept = {x: {k: row for k, row in before.get(x, {}).items() if k not in kinds} for x in ESTIMATED}
    benches, planned_too = sorted(set(kinds) - networks), bool(networks & set(kinds))
    everything, unseen = list[Kernel](), list[Kernel]()
    if planned_too:
        plans = (planned(board, case, even=i % 3 > 0) for i, case in enumerate(SWEEP))
        everything = [kernel for design in plans for kernel in kernels(design) if kernel.layer.kind in kinds]
        unseen = [kernel for kernel in kernels(planned(board, HELD_OUT_KERNELS)) if kernel.layer.kind in kinds]
    everything += [kernel for kind in benches for kernel in from_bench(kind, *BENCH_SEEDS)]
    limits = dict.fromkeys(benches, FROM_BENCH) | PER_KIND
    measured = synthesized(family, spread(everything, limits, OTHERS) + spread(packed(family, everything), {}, PACKED))
    coefficients = fit(family, measured, kept)
    write_costs(family, coefficients | {"error": before.get("error") or dict.fromkeys(ESTIMATED, 0.0)})
    print(f"\n{family.name}: the sweep")
    print_errors(family, measured)
    print(f"{family.name}: kernels that the fit did not see")
    others = spread(unseen, {"mvau": 3, "sliding_window": 2}, 1) + spread(packed(family, unseen), {}, 2)
    others += spread([kernel for kind in benches for kernel in from_bench(kind, UNSEEN_SEED)], {}, OTHERS)
    held_out = synthesized(family, others)
    print_errors(family, held_out)
    poor = {kind for kind in benches if far_off(family, [m for m in held_out if m[0].layer.kind == kind])}
    coefficients = {x: {kind: row for kind, row in coefficients[x].items() if kind not in poor} for x in ESTIMATED}
    write_costs(family, coefficients | {"error": before.get("error") or dict.fromkeys(ESTIMATED, 0.0)})
    if poor:
        print(f"{family.name}: {', '.join(sorted(poor))} stay as their structure says: their terms do not explain them")
    if planned_too:
        write_costs(family, coefficients | {"error": held_out_error(family)})


def far_off(family: Family, measured: Sequence[Measured]) -> bool:
    """Whether kernels of a kind that the fit did not see are in total further off than an estimate may be."""
    pairs = [(estimated(family, kernel), taken) for kernel, taken in measured]
    totals = [[sum(getattr(pair[i], x) for pair in pairs) for i in (0, 1)] for x in ESTIMATED]
    return any(abs(guess - true) > TOLERANCE * true for guess, true in totals)


def held_out_error(family: Family) -> dict[str, float]:
    """The largest relative error of the held-out networks by the present coefficients; every network is printed."""
    pairs = []
    for case in HELD_OUT:
        design = planned(BOARDS[family.name], case)
        pairs.append((predicted(family, design), synthesized_network(family, design)))
        print(f"{family.name}: {case[0]} of {len(design.design.layers)} layers, {case[3]}-bit weights")
        print_totals(pairs[-1:])
    return {x: round(max(abs(getattr(a, x) / getattr(b, x) - 1) for a, b in pairs), 3) for x in ESTIMATED}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=", ".join(BOARDS))
    parser.add_argument("--kinds", nargs="+", metavar="KIND", choices=all_kinds(), default=tuple(all_kinds()))
    asked = parser.parse_args()
    if unknown := set(asked.families) - BOARDS.keys():
        parser.error(f"no family {', '.join(sorted(unknown))}; there are {', '.join(BOARDS)}")
    for name in asked.families or BOARDS:
        calibrate(FAMILIES[name], asked.kinds)
        found = calibration.costs()[name]["error"]
        record("calibrate", {f"{name}: error of {resource.upper()}": value for resource, value in found.items()})
