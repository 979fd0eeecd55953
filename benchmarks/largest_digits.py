"""The largest digits networks that small boards hold, by the planner: a search over SqueezeNet's metaparameters.

    python benchmarks/largest_digits.py [BOARD ...]

Largest is what has the most weights of 4 bits at FRAME_RATE or more at the board's own clock. The networks of the grid
are planned as `hwcodesign check` does, link and clock included, from the largest to the first few that fit: each of
those above them does not, and the nearest are shown with what they lack. Nothing is trained;
`models/digits-icebreaker.toml` and `models/digits-tang-nano.toml` are what was found, and `benchmarks/bitstreams.py`
places and routes them.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.history import record
from hwcodesign.core.errors import UserError
from hwcodesign.fpga.board import Board, load_board
from hwcodesign.graph.predict import predict
from hwcodesign.nets import metaparameters
from hwcodesign.nets.network import Network, Quantization
from hwcodesign.plan import Plan, fold_only
from hwcodesign.plan.folding import Target

BOARDS = ("icebreaker", "tang-nano-9k", "tang-nano-20k")
FRAME_RATE = 30.0
WEIGHT_BITS, ACTIVATION_BITS = 4, (3, 4)
IMAGE, CLASSES = (16, 16, 1), 10
FIXED = {"incr_e": 0, "conv1_kernel": 3, "conv1_stride": 1, "conv1_pad": 1, "pool_kernel": 2}
GRID: dict[str, tuple[Any, ...]] = {
    "fire_modules": (1, 2, 3, 4, 6),
    "base_e": (8, 16, 24, 32, 48, 64, 96, 128, 192),
    "SR": (0.25, 0.5),
    "conv1_filters": (8, 16, 32),
}
SHOWN = 3
AMOUNTS = ("lut", "ff", "block_ram")


@dataclass(frozen=True)
class Candidate:
    """One network of the grid: its metaparameters, bits of activations and weights without biases."""

    parameters: dict[str, Any]
    activation_bits: int
    network: Network
    weights: int

    @property
    def name(self) -> str:
        values = ", ".join(f"{key} {value}" for key, value in self.parameters.items() if key in GRID)
        return f"{values}, activations of {self.activation_bits} bits"


def candidates() -> Iterator[Candidate]:
    """Every network of the grid that its family allows; feature maps are halved behind conv1 and in the middle."""
    for values in product(*GRID.values()):
        chosen = dict(zip(GRID, values, strict=True))
        pools = ("conv1",) if chosen["fire_modules"] < 3 else ("conv1", f"fire{chosen['fire_modules'] // 2 + 2}")
        parameters = {**chosen, **FIXED, "pool_after": pools}
        try:
            network = metaparameters("squeezenet", parameters).describe(IMAGE, CLASSES)
        except UserError:  # filters that are no whole number
            continue
        weights = sum(network.parameters(conv) - conv.filters for conv in network.convolutions)
        for bits in ACTIVATION_BITS:
            yield Candidate(parameters, bits, network, weights)


def planned(candidate: Candidate, board: Board) -> Plan | None:
    """Its plan; None if it is too slow, or does not even fit with the shortest FIFOs or by its weights alone."""
    if WEIGHT_BITS * candidate.weights > board.memory_bits:
        return None
    graph = predict(candidate.network, Quantization(WEIGHT_BITS, candidate.activation_bits))
    try:
        folded = fold_only(graph, Target(board, board.clock_mhz, FRAME_RATE), {})
    except UserError:
        return None
    return None if folded.least_resources.over(board) else folded.finish()


def search(board: Board) -> list[tuple[Candidate, Plan | None]]:
    """The candidates from the largest down to the first SHOWN that fit, with their plans."""
    found: list[tuple[Candidate, Plan | None]] = []
    fit = 0
    for candidate in sorted(candidates(), key=lambda c: (c.weights, c.activation_bits), reverse=True):
        found.append((candidate, planned(candidate, board)))
        fit += fits(found[-1][1], board)
        if fit == SHOWN:
            break
    return found


def fits(made: Plan | None, board: Board) -> bool:
    """Whether there is a plan within the board's limits."""
    return made is not None and not made.total.over(board)


def show(board: Board, found: list[tuple[Candidate, Plan | None]]) -> Table:
    """The largest that fit, and as many that are next in size and do not."""
    first = next(i for i, (_, made) in enumerate(found) if fits(made, board))
    title = f"{board.title} at {FRAME_RATE:g} frames per second: {first} larger networks do not fit"
    table = Table("network", "weights", "frames per second", *map(board.unit, AMOUNTS), "", title=title)
    for candidate, made in [*found[max(0, first - SHOWN) : first], *(row for row in found if fits(row[1], board))]:
        row, verdict = ["-"] * (1 + len(AMOUNTS)), "does not fit"
        if made:
            over = [board.unit(name) for name in made.total.over(board)]
            row = [f"{made.planned_frame_rate:.0f}", *(f"{getattr(made.total, name):,}" for name in AMOUNTS)]
            verdict = f"too much {', '.join(over)}" if over else "fits"
        table.add_row(candidate.name, f"{candidate.weights:,}", *row, verdict)
    return table


if __name__ == "__main__":
    weights: dict[str, float] = {}
    for name in sys.argv[1:] or BOARDS:
        board = load_board(name)
        found = search(board)
        Console(width=180).print(show(board, found))
        weights[f"{name}: weights"] = next(candidate.weights for candidate, made in found if fits(made, board))
    record("largest_digits", weights)
