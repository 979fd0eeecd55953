"""A quantizer that stands alone: after an add, or at the graph's input.

Attribute `thresholds`: their number N for each channel. Tensor `thresholds`: int64 (C, N), rising along each row.
output = out_type.min + #{t : input >= threshold[t]}; for a bipolar output, -1 or +1.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from hwcodesign.cells import ThresholdUnit, quantize, step_count
from hwcodesign.dataflow import IntType, Layer
from hwcodesign.errors import UserError
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory, MemoryImage


class Thresholding(Kind):
    """Compares `pe` elements at a time with all thresholds of their channels."""

    name = "thresholding"
    cells = ("threshold_unit", "adder_tree", "rom", "rom_bank")

    def check(self, layer: Layer) -> None:
        check_thresholds(layer, layer.input.channels)
        if layer.input.shape != layer.output.shape:
            raise UserError(f"{layer.name}: a quantizer keeps the shape {layer.input.shape}, not {layer.output.shape}")

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        values = inputs[0]
        rows = values.reshape(-1, values.shape[-1]).T
        outputs = quantize(rows, layer.tensors["thresholds"], layer.output.type)
        return [outputs.T.reshape(values.shape)]

    def latency(self, layer: Layer, folding: Folding) -> int:
        return _unit(layer, folding).latency

    def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
        return [_unit(layer, folding).memory]

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        return _unit(layer, folding).logic

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        unit = _unit(layer, folding)
        return {
            "PE": folding.pe,
            "IN_BITS": unit.in_type.bits,
            "IN_SIGNED": int(unit.in_type.signed),
            "OUT_BITS": unit.out_type.bits,
            "OFFSET": unit.offset,
            "FOLDS": layer.input.channels // folding.pe,
            "THRESHOLDS": unit.thresholds,
            "THRESHOLD_BITS": unit.threshold_type.bits,
        }

    def images(self, layer: Layer, folding: Folding) -> Mapping[str, MemoryImage]:
        unit = _unit(layer, folding)
        thresholds = layer.tensors["thresholds"]
        if layer.input.type.bipolar:
            thresholds = (thresholds > -1).astype(np.int64) + (thresholds > 1)
        thresholds = np.clip(thresholds, unit.threshold_type.min, unit.in_type.max + 1)
        return {"thresholds": unit.image(thresholds)}


def check_thresholds(layer: Layer, channels: int) -> None:
    """Raise UserError unless the number of thresholds makes the output type, and the tensor is whole and rising."""
    count, needed = layer.number("thresholds"), step_count(layer.output.type)
    if count != needed:
        raise UserError(f"{layer.name}: an output of {layer.output.type} takes {needed} thresholds, not {count}")
    thresholds = layer.tensors.get("thresholds")
    if thresholds is None:
        return
    if thresholds.shape != (channels, count):
        raise UserError(f"{layer.name}: thresholds must be of shape {(channels, count)}, not {thresholds.shape}")
    if (np.diff(thresholds, axis=1) < 0).any():
        falling = int(np.argwhere(np.diff(thresholds, axis=1) < 0)[0, 0])
        raise UserError(f"{layer.name}: the thresholds of channel {falling} must rise, as a quantizer's steps do")


def _unit(layer: Layer, folding: Folding) -> ThresholdUnit:
    """A bipolar input is compared by its codes, 0 and 1. A threshold may lie one above the largest input: never."""
    kind = IntType(1, signed=False) if layer.input.type.bipolar else layer.input.type
    return ThresholdUnit(
        pe=folding.pe,
        channels=layer.input.channels,
        thresholds=layer.number("thresholds"),
        in_type=kind,
        threshold_type=IntType.holding(kind.min, kind.max + 1),
        out_type=layer.output.type,
    )
