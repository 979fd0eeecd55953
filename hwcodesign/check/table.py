"""The check's report as tables for a terminal."""

from collections.abc import Sequence
from io import StringIO

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table

from hwcodesign.check.check import PURPOSES, CheckReport, LayerUse
from hwcodesign.fpga.board import RESOURCES, Board
from hwcodesign.fpga.calibration import ESTIMATED
from hwcodesign.fpga.resources import Resources


def tables(report: CheckReport) -> Group:
    """A table of the layers and one of the totals."""
    return Group(_layers(report), _totals(report))


def text(report: CheckReport) -> str:
    """The tables and the verdict as plain text."""
    out = StringIO()
    Console(file=out, width=120).print(tables(report))
    return out.getvalue() + report.verdict()


def _layers(report: CheckReport) -> Table:
    blocks = report.board.device.block_name
    title = f"Every layer on {report.board.title}; FIFOs counted at their source; ~ estimated"
    table = Table(title=title, box=SIMPLE_HEAD, padding=0)  # padding takes rich a third of the time
    table.add_column("layer", overflow="fold")
    bits, amounts = ("weights", "thresh.", "lines", "FIFOs"), (blocks, "~LUT", "~FF", "DSP")
    for heading in ("PE", "SIMD", "cycles", *bits, *amounts):
        table.add_column(heading, justify="right")
    for layer in report.layers:
        used = layer.resources
        numbers = [layer.pe, layer.simd, layer.cycles, *(layer.bits[purpose] for purpose in PURPOSES)]
        table.add_row(escape(layer.name), *(_number(n) for n in numbers), *_amounts(report, [layer], used))
    if report.board.link:
        table.add_row(_link_name(report.board), *[""] * 7, *_amounts(report, [], report.link))
    table.add_section()
    total = (_number(n) for n in report.bits.values())
    table.add_row("total", "", "", "", *total, *_amounts(report, report.layers, report.total), style="bold")
    table.caption = f"weights, thresholds, line buffers and FIFOs in bits; {blocks} and how full they are"
    return table


def _link_name(board: Board) -> str:
    """Of the link to the host, what is counted."""
    return "(link: frames to and from AMD's DMA)" if board.link and board.link.type == "axi-dma" else "(link, clock)"


def _amounts(report: CheckReport, uses: Sequence[LayerUse], used: Resources) -> list[str]:
    filled = report.filled(uses)
    blocks = [] if filled is None else [f"{used.block_ram:,} {filled:4.0%}"]
    large = [f"{used.large_ram} {report.board.unit('large_ram')}"] if used.large_ram else []
    return ["\n".join([*blocks, *large]) or "-", *(_number(n) for n in (used.lut, used.ff, used.dsp))]


def _totals(report: CheckReport) -> Table:
    board = report.board
    table = Table(title=f"{board.name} ({board.part})")
    for heading in ("", "used", "usable", "on the chip", "limit", "basis", ""):
        table.add_column(heading, justify="right" if heading and heading != "basis" else "left")
    for name in RESOURCES:
        if name == "large_ram" and not board.resources.large_ram:
            continue
        verdict = "[red]too much[/red]" if name in report.over else "fits"
        bound = board.usable[name] < board.usable_alone[name]
        limit = "at_most" if bound else f"{getattr(board.limits, name):.0%}"
        amounts = (getattr(report.total, name), board.usable[name], getattr(board.resources, name))
        label = board.unit(name)
        table.add_row(label, *(f"{amount:,}" for amount in amounts), limit, _certainty(report, name), verdict)
    return table


def _certainty(report: CheckReport, resource: str) -> str:
    """What the figure rests on."""
    if resource not in ESTIMATED:
        return "counted"
    if report.estimate_error is None:
        return "estimate, not calibrated"
    if report.uncalibrated:
        return f"estimate, {', '.join(report.uncalibrated)} by structure alone"
    return f"estimate ± {report.estimate_error[resource]:.0%}"


def _number(value: int) -> str:
    return f"{value:,}" if value else "-"
