"""FINN's SetFolding and this planner on the same lowered graphs, at equal frame rates and 100 MHz.

    python benchmarks/planner.py

Lowers full SqueezeNet v1.1 and a SqueezeNet of CIFAR-10's size first, with random weights.

For every matrix-vector unit FINN's own formulas: BRAM18 for weights by the rule of MVAU.bram_estimation, with all
weights in block RAM as FINN places them; multipliers as DSPs by MVAU_rtl.dsp_estimation, ceil(PE / 4) * SIMD. Here,
weights may lie in LUTs too, and those are counted. Our design multiplies in LUTs or in DSPs that products share; so
that the comparison is one of foldings, the solver is told that all multipliers cost DSPs, by FINN's formula, and that
is what the table shows. FINN knows no board: it gives the same folding for all. Some of ours are planned once more with
less block RAM than the board has (at_most), to show what the rest costs. LUTs are each side's own estimate of the whole
design: FINN's is 0 for its matrix-vector units and lacks FIFOs. FIFO bits are ours alone, since FINN finds depths by
simulating the RTL.

Draws planner.png next to itself, and prints the table.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.history import record
from hwcodesign.dataflow import Dataflow
from hwcodesign.fpga.board import Board, load_board
from hwcodesign.fpga.resources import Resources
from hwcodesign.kinds import Folding, Memory, kind_of
from hwcodesign.lower.environment import finn_environment
from hwcodesign.plan.choices import Choice, Choices, Taken, choices
from hwcodesign.plan.exact import GAP, folded
from hwcodesign.plan.folding import Constraints, Target, fast_enough
from hwcodesign.plan.memory import memory_resources
from hwcodesign.plan.solver import Solver

CLOCK_MHZ = 100.0
BOARDS = ("pynq-z1", "zcu104", "ulx3s-85f")  # XC7Z020, XCZU7EV, ECP5-85F
# Board, frame rate, and the block RAM that a design shall do with: LUTs are what it costs.
LEFT = {"squeezenet-cifar": (("pynq-z1", 3000, 45), ("pynq-z1", 10000, 60))}
RATES = {"squeezenet-v1.1": (30, 100, 300, 1000), "squeezenet-cifar": (1000, 3000, 10000)}
RECIPES = {"squeezenet-v1.1": "squeezenet-v1.1", "squeezenet-cifar": "benchmarks/squeezenet-cifar.toml"}
SECONDS = 10.0
AXES = (("weight_blocks", "block RAMs for weights"), ("dsp", "DSP, FINN's formula"), ("luts", "LUT, own estimates"))


@dataclass(frozen=True)
class Row:
    """One planner's answer. What stands last, from `weight_luts` on, FINN has not."""

    network: str
    planner: str
    frame_rate: int
    cycles: int
    weight_blocks: int
    dsp: int
    seconds: float
    luts: int
    weight_luts: int | None = None
    full: float | None = None
    fits: bool | None = None
    gap: float | None = None
    fifo_bits: int | None = None
    large_ram: int | None = None


def finn_dsp(folding: Folding) -> int:
    """MVAU_rtl.dsp_estimation for a DSP48: four rows of one column share a multiplier."""
    return ceil(folding.pe / 4) * folding.simd


def finn_rows(network: str, lowered: Path) -> Iterator[Row]:
    """SetFolding's answers."""
    with finn_environment():
        from finn.transformation.fpgadataflow.set_folding import SetFolding
        from finn.transformation.fpgadataflow.specialize_layers import SpecializeLayers
        from qonnx.core.modelwrapper import ModelWrapper
        from qonnx.custom_op.registry import getCustomOp
        from qonnx.transformation.general import GiveUniqueNodeNames

        part = load_board("zcu104").part
        model = ModelWrapper(str(lowered / "lowered.onnx"))
        model = model.transform(SpecializeLayers(part)).transform(GiveUniqueNodeNames())
        for rate in RATES[network]:
            start = time.perf_counter()
            folded_model = model.transform(SetFolding(int(CLOCK_MHZ * 1e6 / rate)), make_deepcopy=True)
            seconds = time.perf_counter() - start
            nodes = [getCustomOp(node) for node in folded_model.graph.node]
            units = [node for node in nodes if node.onnx_node.op_type.startswith("MVAU")]
            foldings = [Folding(unit.get_nodeattr("PE"), unit.get_nodeattr("SIMD")) for unit in units]
            cycles = max(node.get_exp_cycles() for node in nodes)
            blocks = sum(unit.bram_estimation(part) for unit in units)
            luts = int(sum(node.node_res_estimation(part)["LUT"] for node in nodes))
            yield Row(network, "FINN", rate, cycles, blocks, sum(map(finn_dsp, foldings)), seconds, luts)


def our_row(network: str, graph: Dataflow, board: Board, rate: int) -> Row:
    """The solver's answer, with FIFO depths."""
    target = Target(board, CLOCK_MHZ, rate)
    start = time.perf_counter()
    in_luts: Constraints = {layer.name: {"packed": 0} for layer in graph.layers if layer.kind == "mvau"}
    space = with_finn_dsps(choices(graph, target, fast_enough(graph, target, in_luts)))
    solution = Solver(space, Resources(), SECONDS, GAP).cheapest(target.cycles)
    seconds = time.perf_counter() - start
    assert solution is not None, "the solver found nothing in time"
    memories = [(place, memory) for choice in solution.choices for place, memory in memories_of(graph, choice)]
    storage = {place: where for choice in solution.choices for place, where in choice.storage.items()}
    taken = {place: memory_resources(board.device, memory, storage[place]) for place, memory in memories}
    weights = [taken[place] for place, _ in memories if place[1] == "weights"]
    in_blocks = sum(where.block_bits for where in storage.values())
    blocks = sum(resources.block_ram for resources in taken.values())
    planned = folded(graph, target, solution).finish()
    return Row(
        network,
        f"ours, {board.name}" + "".join(f", {n} blocks" for n in board.at_most.values()),
        rate,
        planned.cycles_per_frame,
        sum(resources.block_ram for resources in weights),
        sum(choice.taken.resources.dsp for choice in solution.choices),
        seconds,
        planned.resources.lut,
        sum(resources.lut for resources in weights),
        in_blocks / (blocks * board.device.block_bits) if blocks else None,
        solution.fits,
        solution.gap,
        fifo_bits(planned.design, planned.foldings),
        planned.resources.large_ram,
    )


def with_finn_dsps(space: Choices) -> Choices:
    """The choices, each with the DSPs that FINN's formula gives its multipliers in place of its own."""

    def priced(choice: Choice) -> Choice:
        kinds = {name: space.dataflow.by_name[name].kind for name in choice.foldings}
        by_finn = sum(finn_dsp(f) for name, f in choice.foldings.items() if kinds[name] == "mvau")
        more = Resources(dsp=by_finn - choice.taken.resources.dsp)
        return replace(choice, taken=choice.taken + Taken(more, more.share(space.board)))

    return replace(space, groups=tuple(tuple(map(priced, group)) for group in space.groups))


def memories_of(graph: Dataflow, choice: Choice) -> Iterator[tuple[tuple[str, str], Memory]]:
    """The memories of a group, by their places."""
    for name, folding in choice.foldings.items():
        layer = graph.by_name[name]
        for memory in kind_of(layer.kind).memories(layer, folding):
            yield (name, memory.name), memory


def fifo_bits(design: Dataflow, foldings: dict[str, Folding]) -> int:
    """Bits of all FIFOs at their depths."""
    fifos = [layer for layer in design.layers if layer.kind == "fifo"]
    return sum(layer.number("depth") * foldings[layer.name].pe * layer.input.type.bits for layer in fifos)


def table(rows: list[Row]) -> Table:
    """All rows, for a terminal."""
    shown = Table(title=f"FINN's SetFolding and ours at {CLOCK_MHZ:g} MHz; DSP under FINN's formula for both")
    for heading in ("network", "frames/s", "planner", "cycles", "BRAM18 weights", "LUT weights", "full", "DSP", "LUT"):
        shown.add_column(heading)
    for heading in ("fits", "gap", "FIFO bits", "s"):
        shown.add_column(heading)
    for row in rows:
        full = "" if row.full is None else f"{row.full:.0%}"
        gap = "" if row.gap is None else f"{row.gap:.2%}"
        fits = {None: "", True: "yes", False: "no"}[row.fits]
        luts, fifos = ("" if n is None else f"{n:,}" for n in (row.weight_luts, row.fifo_bits))
        counts = (f"{row.cycles:,}", str(row.weight_blocks), luts, full, str(row.dsp), f"{row.luts:,}")
        shown.add_row(row.network, str(row.frame_rate), row.planner, *counts, fits, gap, fifos, f"{row.seconds:.1f}")
    return shown


def plot(rows: list[Row], path: Path) -> None:
    """Frame rate against block RAM for weights, DSPs and LUTs, one line for each planner."""
    from matplotlib import pyplot

    networks = list(dict.fromkeys(row.network for row in rows))
    figure, axes = pyplot.subplots(len(AXES), len(networks), figsize=(5 * len(networks), 4 * len(AXES)), squeeze=False)
    for column, network in enumerate(networks):
        for line, (field, label) in enumerate(AXES):
            axis = axes[line][column]
            for planner in dict.fromkeys(row.planner for row in rows):
                mine = [row for row in rows if row.network == network and row.planner == planner]
                axis.plot([getattr(r, field) for r in mine], [r.frame_rate for r in mine], "o-", label=planner)
            axis.set(title=network, xlabel=label, ylabel="frames per second", yscale="log")
    axes[0][0].legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def figures(rows: list[Row]) -> dict[str, float]:
    """Of every plan the axes of the plot, and the seconds that it took."""
    return {
        f"{row.network} at {row.frame_rate}/s by {row.planner}: {label}": round(getattr(row, field), 2)
        for row in rows
        for field, label in (*AXES, ("seconds", "s"))
    }


def lowered(network: str) -> Path:
    """The folder of the network's lowered graph, made now unless it is there and current."""
    command = [sys.executable, "-m", "hwcodesign", "run", RECIPES[network], "--untrained", "--to", "lower"]
    subprocess.run(command, check=True)
    return Path("runs") / f"{network}-untrained" / "lower"


def main() -> None:
    """Both planners on both networks."""
    rows: list[Row] = []
    for network, rates in RATES.items():
        folder = lowered(network)
        graph = Dataflow.load(folder)
        rows += finn_rows(network, folder)
        rows += [our_row(network, graph, load_board(name), rate) for name in BOARDS for rate in rates]
        for name, rate, blocks in LEFT.get(network, ()):
            rows.append(our_row(network, graph, load_board(name).leaving({"block_ram": blocks}), rate))
    plot(rows, Path(__file__).with_suffix(".png"))
    Console(width=170).print(table(rows))
    record("planner", figures(rows))


if __name__ == "__main__":
    main()
