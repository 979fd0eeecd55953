"""Table 3.1: volumes of data and computation of four networks in training, batch 1024."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from hwcodesign.analyze.costs import TRAINING_FACTOR, Costs, costs
from hwcodesign.analyze.paper.row import PaperRow, PaperTable
from hwcodesign.nets import metaparameters, standards

BATCH = 1024
_IMAGE = (224, 224, 3)
_MEGA, _TERA = Fraction(1, 10**6), Fraction(1, 10**12)


class _Printed(NamedTuple):
    family: str
    variant: dict[str, Any]
    activations: str
    weights: str
    operations: str


_PRINTED = (
    _Printed("nin", {}, "5800", "30", "6.7"),
    _Printed("alexnet", {"groups": 1}, "1680", "249", "7.0"),
    _Printed("googlenet", {}, "19,100", "54", "9.7"),
    _Printed("vgg", {}, "42,700", "575", "120"),
)


def table_3_1() -> PaperTable:
    """Volumes at 224x224 pixels: what layers with weights read, their weights, operations forward and backward."""
    return PaperTable(
        "3.1", f"volumes of data and computation, batch {BATCH}",
        "activations are what layers with weights read, the 224x224 image too; operations are forward + backward; "
        "AlexNet without groups",
        [row for printed in _PRINTED for row in _rows(printed)],
    )  # fmt: skip


def _rows(printed: _Printed) -> Iterator[PaperRow]:
    title = standards()[printed.family].title
    total = _costs(printed.family, printed.variant)
    weighted = [layer for layer in total.layers if layer.parameters]
    read = sum(layer.inputs for layer in weighted)
    yield PaperRow(f"{title} activations", 4 * BATCH * read * _MEGA, printed.activations, "MB")
    yield PaperRow(f"{title} weights", 4 * total.parameters * _MEGA, printed.weights, "MB", _why_weights(printed))
    convolutions = TRAINING_FACTOR * BATCH * sum(layer.operations for layer in weighted)
    ours = PaperRow(f"{title} computation", BATCH * total.training_operations * _TERA, printed.operations, "TF")
    without = PaperRow("", convolutions * _TERA, printed.operations)
    pools = f"printed without pools and normalisation: {float(convolutions * _TERA):.2f} TF" if without.agrees else ""
    yield PaperRow(ours.what, ours.ours, ours.printed, ours.unit, pools)


def _why_weights(printed: _Printed) -> str:
    if printed.family != "googlenet":
        return ""
    with_auxiliary = 4 * _costs("googlenet", {"auxiliary": True}).parameters * _MEGA
    return f"printed with the two auxiliary classifiers of training: {float(with_auxiliary):.1f} MB"


def _costs(family: str, variant: dict[str, Any]) -> Costs:
    return costs(metaparameters(family, variant).describe(_IMAGE, 1000))
