"""MLPerf Tiny's four networks at full size on our boards: what fits, and how fast, by the plan.

    python -m benchmarks.tiny [--boards NAME,...]

4-bit weights and activations, 8-bit weights in the first and the last layer. Nothing is trained: the graph is predicted
from the networks' descriptions. A row is the fastest design that the layer-by-layer planner finds, by halving the frame
rate until it fits and then by bisection; all figures of it are planned, LUTs and flip-flops estimates. The published
entries beside them are measured, of other boards, clocks and bit widths: only orders of magnitude compare.

Writes tiny.json next to itself after every row, and prints the table.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.history import record
from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Dataflow
from hwcodesign.fpga.board import Board, load_board
from hwcodesign.graph.predict import predict
from hwcodesign.nets import metaparameters
from hwcodesign.nets.network import Quantization
from hwcodesign.plan import Plan, plan

RESULTS = Path(__file__).with_suffix(".json")
BOARDS = ("ulx3s-85f", "arty-a7-35", "pynq-z1", "ultra96-v2")
QUANTIZATION = Quantization(4, 4, first_weight_bits=8, last_weight_bits=8)
PUBLISHED = {
    "image classification": "FINN CNV-W1A1 661/s at 84.5 %; fpgaConvNet 2,431/s (ZedBoard)",
    "visual wake words": "fpgaConvNet 105/s (ZedBoard)",
    "keyword spotting": "FINN MLP 57,268/s; fpgaConvNet 3,088/s (ZedBoard)",
    "anomaly detection": "hls4ml 53,365/s",
}
HALVINGS, BISECTIONS = 20, 3


@dataclass(frozen=True)
class Row:
    """The fastest design found for one task on one board; without one, `frames_per_second` is 0."""

    task: str
    network: str
    board: str
    clock_mhz: float
    frames_per_second: float = 0.0
    latency_us: float = 0.0
    lut: int = 0
    ff: int = 0
    block_ram: int = 0
    dsp: int = 0
    planned: bool = True


def networks() -> Iterator[tuple[str, str, Dataflow]]:
    """Task, network and graph of each."""
    resnet = metaparameters("resnet", {}).describe((32, 32, 3), 10)
    yield "image classification", "ResNet-8, 32x32x3", predict(resnet, QUANTIZATION)
    mobilenet = metaparameters("mobilenet", {"width": 0.25}).describe((96, 96, 3), 2)
    yield "visual wake words", "MobileNetV1 0.25, 96x96x3", predict(mobilenet, QUANTIZATION)
    keywords = metaparameters("dscnn", {}).describe((49, 10, 1), 12)
    yield "keyword spotting", "DS-CNN, 49x10", predict(keywords, QUANTIZATION)
    autoencoder = metaparameters("autoencoder", {}).describe((1, 1, 640), 640)
    yield "anomaly detection", "autoencoder, 640", predict(autoencoder, QUANTIZATION)


def fastest(graph: Dataflow, board: Board) -> Plan | None:
    """The fastest design found that fits; None if none does."""

    def fitting(rate: float) -> Plan | None:
        try:
            made = plan(graph, board, frame_rate=rate)
        except UserError:  # no folding is so fast
            return None
        return None if made.total.over(board) else made

    rate = board.clock_mhz * 1e6 / max(graph.input.pixels, graph.output.elements)
    for _ in range(HALVINGS):
        if best := fitting(rate):
            break
        rate /= 2
    else:
        return None
    step = 2.0**0.5
    for _ in range(BISECTIONS):
        if faster := fitting(rate * step):
            best, rate = faster, rate * step
        step = step**0.5
    return best


def row(task: str, network: str, graph: Dataflow, board: Board) -> Row:
    """The row of one design."""
    made = fastest(graph, board)
    if made is None:
        return Row(task, network, board.name, board.clock_mhz)
    taken = made.total
    return Row(
        task, network, board.name, board.clock_mhz, round(made.planned_frame_rate, 1),
        round(made.latency_cycles / board.clock_mhz, 1), taken.lut, taken.ff, taken.block_ram, taken.dsp,
    )  # fmt: skip


def table(rows: list[Row]) -> Table:
    """All rows, each task with its published entries."""
    made = Table(title="MLPerf Tiny's shapes, 4 bits, untrained: planned", title_justify="left")
    for heading in ("task, network", "board", "MHz", "frames/s", "latency, us", "LUT", "FF", "block RAM", "DSP"):
        made.add_column(heading, overflow="fold")
    for found in rows:
        numbers = (found.lut, found.ff, found.block_ram, found.dsp)
        fits = found.frames_per_second > 0
        rate = (f"{found.frames_per_second:,.0f}", f"{found.latency_us:,.0f}") if fits else ("does not fit", "")
        made.add_row(
            f"{found.task}, {found.network}", found.board, f"{found.clock_mhz:g}", *rate,
            *(f"{n:,}" if fits else "" for n in numbers),
        )  # fmt: skip
    return made


def main() -> None:
    """Plan all, and write and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--boards", default=",".join(BOARDS), help="names, with commas between them")
    boards = [load_board(name) for name in parser.parse_args().boards.split(",")]
    rows: list[Row] = []
    for task, network, graph in networks():
        for board in boards:
            rows.append(row(task, network, graph, board))
            document = {"published": PUBLISHED, "rows": [asdict(found) for found in rows]}
            RESULTS.write_text(json.dumps(document, indent=1) + "\n")
    record("tiny", {f"{found.task} on {found.board}, frames/s": found.frames_per_second for found in rows})
    Console(width=160).print(table(rows))
    for task, entry in PUBLISHED.items():
        print(f"published, measured: {task}: {entry}")


if __name__ == "__main__":
    main()
