"""What a compression came to, for a terminal, beside what the dissertation prints for SqueezeNet."""

from collections.abc import Iterator, Mapping

from rich.table import Table

from hwcodesign.nets.network import Network
from hwcodesign.nets.squeezenet import SqueezeNet
from hwcodesign.quantize.compression import Size
from hwcodesign.quantize.low_rank import LowRank

MEGABYTE = 1024 * 1000  # the published file of 8-bit codes has 660 x 1024 bytes, and is printed as 0.66 MB
# Iandola 2016, of SqueezeNet: table 5.1's parameters after pruning; by the bits of a code, table 5.2's MB
PRINTED = {"parameters left": 421_098.0, 8: 0.66, 6: 0.47}


def is_squeezenet(network: Network) -> bool:
    """Whether it has the convolutions of SqueezeNet as the dissertation describes it, whatever its images' size."""
    described = SqueezeNet().describe((224, 224, 3), 1000)
    mine, theirs = (
        [(conv.name, conv.filters, conv.kernel, net.shapes[conv.input][2]) for conv in net.convolutions]
        for net in (network, described)
    )
    return mine == theirs


def table(before: Size, after: Size, printed: bool) -> Table:
    """A row for every figure: ours, the dissertation's and the difference where `printed`."""
    made = Table(box=None, header_style="bold")
    made.add_column("")
    for heading in ("ours", *(["printed", "difference"] if printed else [])):
        made.add_column(heading, justify="right")
    for name, ours, theirs in _rows(before, after):
        cells = [f"{ours:,}"]
        if printed:
            cells += ["", ""] if theirs is None else _beside(ours, theirs)
        made.add_row(name, *cells)
    return made


def _rows(before: Size, after: Size) -> Iterator[tuple[str, int, float | None]]:
    yield "parameters", before.parameters, None
    yield "bytes as float32", before.as_float32, None
    yield "parameters left: weights other than 0, and biases", after.weights + after.biases, PRINTED["parameters left"]
    yield "entries in the file: these weights, and fillers of long gaps", after.entries, None
    yield f"bytes of Deep Compression's file, {after.codes}-bit codes", after.file, PRINTED.get(after.codes)
    yield "bytes with Huffman codes", after.huffman, None
    yield "bytes with every weight at 8 bits, none left out", before.dense(8), None


def _beside(ours: int, theirs: float) -> list[str]:
    """Bytes are printed in MB of two digits."""
    if theirs < 100:
        return [f"{theirs:g} MB", f"{ours / MEGABYTE - theirs:+.3f} MB"]
    return [f"{theirs:,.0f}", f"{ours - theirs:+,.0f}"]


def rank_table(layers: Mapping[str, LowRank], ranks: Mapping[str, int], before: int, after: int) -> Table:
    """A row for every layer that could be two of low rank; `before` and `after` count the network's parameters."""
    made = Table(box=None, header_style="bold", caption_justify="left")
    made.caption = f"{before:,} parameters, then {after:,}: {4 * before:,} and {4 * after:,} bytes as float32"
    for heading in ("layer", "rank", "energy kept", "weights", "then"):
        made.add_column(heading, justify="left" if heading == "layer" else "right")
    for name, layer in layers.items():
        rank = ranks.get(name)
        kept = f"{100 * layer.energy[rank - 1]:.2f} %" if rank else ""
        then = rank * layer.parameters_of_one if rank else layer.whole
        made.add_row(name, f"{rank} of {len(layer.values)}" if rank else "as it is", kept, f"{layer.whole:,}",
                     f"{then:,}")  # fmt: skip
    return made
