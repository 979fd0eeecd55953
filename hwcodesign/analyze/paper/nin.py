"""Tables 4.1 to 4.8: NiN's layers, their volumes at batch 1024, and six changes; section 4.7's count of variants."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from hwcodesign.analyze.costs import Costs, LayerCost, costs
from hwcodesign.analyze.paper.row import PaperRow, PaperTable
from hwcodesign.analyze.paper.volumes import BATCH
from hwcodesign.analyze.subject import find_subject
from hwcodesign.analyze.tables import dims
from hwcodesign.analyze.what_if import WhatIf, what_if

_MEGA, _GIGA, _TERA = (Fraction(1, 10**exponent) for exponent in (6, 9, 12))

_LAYERS = {
    "conv1": "55x55x96", "conv2": "55x55x96", "conv3": "55x55x96", "pool3": "27x27x96",
    "conv4": "27x27x256", "conv5": "27x27x256", "conv6": "27x27x256", "pool6": "13x13x256",
    "conv7": "13x13x384", "conv8": "13x13x384", "conv9": "13x13x384", "pool9": "6x6x384",
    "conv10": "6x6x1024", "conv11": "6x6x1024", "conv12": "6x6x1000",
}  # fmt: skip
_PARAMETERS = {"conv1": "0.140", "conv4": "2.46", "conv10": "14.2"}
_OPERATIONS = {"conv1": "216", "conv4": "917"}


class _Change(NamedTuple):
    """A change and its printed totals: the three ratios, then megabytes and teraflops where they are printed."""

    number: str
    title: str
    text: str
    outputs: str
    parameters: str
    operations: str
    megabytes: str
    teraflops: str


_CHANGES = (
    _Change("4.3", "4x input channels", "input.channels*=4", "1", "1", "1.3", "", "2.92"),
    _Change("4.4", "4x filters in conv8", "conv8.filters*=4", "1.1", "1.1", "1.1", "33.9", "2.57"),
    _Change("4.5", "6x6 filters in conv7", "conv7.kernel=6,pad=2", "1", "1.3", "1.3", "41.0", "2.99"),
    _Change("4.6", "4,000 classes", "classes=4000", "1", "1.4", "1.1", "42.6", "2.49"),
    _Change("4.7", "without pool3", "remove=pool3", "2.6", "1", "3.8", "", "8.65"),
    _Change("4.8", "454x454 image", "input.size=454", "4.2", "1", "4.3", "", "9.67"),
)


def tables_4() -> Iterator[PaperTable]:
    """Tables 4.1 to 4.8 and the count of section 4.7."""
    subject = find_subject("nin")
    total = costs(subject.network())
    yield PaperTable("4.1", "NiN's layers", "output of every layer for a 227x227 image",
                     [PaperRow(f"{layer.name} {layer.window}".strip(), dims(layer.out_shape),
                               _LAYERS.get(layer.name, ""))
                      for layer in total.layers])  # fmt: skip
    about = f"batch {BATCH}, 32 bits; outputs of every layer, parameters with biases, forward operations"
    yield PaperTable("4.2", "NiN's volumes", about, list(_volumes(total)))
    for change in _CHANGES:
        result = what_if(subject, change.text)
        about = f"{change.text}; verdict: {result.verdict}; pools round up (equation 4.2), convolutions round down"
        yield PaperTable(change.number, f"NiN, {change.title}", about, list(_change_rows(change, result)))
    yield _section_4_7()


def _volumes(total: Costs) -> Iterator[PaperRow]:
    for layer in total.layers:
        yield PaperRow(f"{layer.name} output", _bytes(layer.activations) * _MEGA, "", "MB")
        if layer.parameters:
            yield PaperRow(
                f"{layer.name} parameters", 4 * layer.parameters * _MEGA, _PARAMETERS.get(layer.name, ""), "MB"
            )
        yield PaperRow(
            f"{layer.name} computation", layer.operations * BATCH * _GIGA, _OPERATIONS.get(layer.name, ""), "GF"
        )
    read = _bytes(sum(layer.inputs for layer in total.layers if layer.parameters)) * _GIGA
    why = f"the printed total is what layers with weights read, the image too ({float(read):.3f} GB), not their outputs"
    yield PaperRow("total output", _bytes(total.activations) * _GIGA, "5.90", "GB", why)
    yield PaperRow("total parameters", 4 * total.parameters * _MEGA, "30.4", "MB")
    yield PaperRow("total computation", total.operations * BATCH * _TERA, "2.27", "TF")


def _change_rows(change: _Change, result: WhatIf) -> Iterator[PaperRow]:
    before, after = result.before, result.after
    for old, new in result.pairs:
        layer, text = new or old, _change_text(old, new)
        if layer and text:
            yield PaperRow(layer.name, text)
    yield PaperRow("total output", Fraction(after.activations, before.activations), change.outputs, "x")
    yield PaperRow("total parameters", Fraction(after.parameters, before.parameters), change.parameters, "x")
    yield PaperRow("total parameters", 4 * after.parameters * _MEGA, change.megabytes, "MB")
    yield PaperRow("total computation", Fraction(after.operations, before.operations), change.operations, "x")
    yield PaperRow("total computation", after.operations * BATCH * _TERA, change.teraflops, "TF", _why(change))
    if change.number == "4.8":
        rounded_up = what_if(find_subject("nin"), "input.size=455").after.operations * BATCH * _TERA
        yield PaperRow("total computation if conv1 rounded up, too (112x112)", rounded_up, "", "TF")


def _change_text(old: LayerCost | None, new: LayerCost | None) -> str:
    """What changes in a layer; empty if nothing does."""
    if old is None or new is None:
        return "new" if old is None else "removed"
    ratios = [
        f"{name} {getattr(new, name) / getattr(old, name):.3g}x"
        for name in ("activations", "parameters", "operations")
        if getattr(new, name) != getattr(old, name)
    ]
    return f"{dims(old.out_shape)} → {dims(new.out_shape)}: {', '.join(ratios)}" if ratios else ""


def _why(change: _Change) -> str:
    if change.number != "4.3":
        return ""
    total, conv1 = Fraction("2.27"), Fraction("0.216")
    return f"the printed total adds rounded figures: 2.27 + 3 x 0.216 = {float(total + 3 * conv1):.3f}"


def _section_4_7() -> PaperTable:
    row = PaperRow("5^16", Fraction(5**16, 10**9), "30", "billion",
                   f"arithmetic gives {5**16:,}; the text says 30 billion, "
                   "which is 5^15 = 30,517,578,125 in round figures")  # fmt: skip
    return PaperTable("section 4.7", "networks to choose from", "five choices in each of sixteen layers", [row])


def _bytes(values: int) -> int:
    return 4 * BATCH * values
