"""A quantizer that stands alone: after an add, or at the graph's input.

Attributes: `thresholds`, their number N for each channel; `spacing`, how a base and a step take their place, as in
`hwcodesign.kinds.shared.uniform_thresholds`, or () for a table. Tensor `thresholds`: int64 (C, N), rising in each row.
output = out_type.min + #{t : input >= threshold[t]}; for a bipolar output, -1 or +1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Interval, IntType, Layer
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory, MemoryImage
from hwcodesign.kinds.motion import Motion
from hwcodesign.kinds.shared.steps import Steps, exact_type
from hwcodesign.kinds.shared.threshold_unit import (
    THRESHOLD_CELLS,
    ThresholdUnit,
    middle_and_spread,
    random_thresholds,
    step_count,
)
from hwcodesign.kinds.shared.uniform_thresholds import Line, Spacing, line_through, widest_spacing


class Thresholding(Kind):
    """Compares `pe` elements at a time with all thresholds of their channels."""

    name = "thresholding"
    takes_narrow = True
    finn_operators = ("Thresholding",)
    finn_thresholds = 1
    cells = THRESHOLD_CELLS

    def check(self, layer: Layer) -> None:
        check_thresholds(layer, layer.input.channels)
        if layer.input.shape != layer.output.shape:
            raise UserError(f"{layer.name}: a quantizer keeps the shape {layer.input.shape}, not {layer.output.shape}")

    def completed(self, layer: Layer) -> Layer:
        return with_spacing(layer, _line(layer) if layer.tensors else None, _compared_type(layer).bits)

    def random_tensors(self, layer: Layer, rng: "np.random.Generator", even: bool) -> dict[str, np.ndarray]:
        """Thresholds where uniformly random inputs fall."""
        middle, spread = (np.full(layer.output.channels, number) for number in middle_and_spread(layer.input.type))
        return {"thresholds": random_thresholds(middle, spread, layer.number("thresholds"), rng, even)}

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        values = inputs[0].reshape(-1, inputs[0].shape[-1])
        low, high = (np.full(values.shape[1], int(end)) for end in (values.min(initial=0), values.max(initial=0)))
        exact = exact_type(max(-int(low[0]), int(high[0])) + 1)
        steps = Steps(layer.tensors["thresholds"], low, high, exact, layer.output.type)
        return [steps.quantized(values).reshape(inputs[0].shape)]

    def motion(self, layer: Layer, folding: Folding) -> Motion:
        return self.pixel_by_pixel(layer, folding)

    def latency(self, layer: Layer, folding: Folding) -> int:
        return _unit(layer, folding).latency

    def working(self, layer: Layer, folding: Folding) -> tuple[str, ...]:
        return ("in_valid_i", "in_ready_o")

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
            **unit.parameters,
        }

    def images(self, layer: Layer, folding: Folding) -> Mapping[str, MemoryImage]:
        unit = _unit(layer, folding)
        return {"thresholds": unit.image(_codes(layer), _line(layer) if unit.spacing else None)}


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


def with_spacing(layer: Layer, line: Line | None, compared_bits: int) -> Layer:
    """The layer with its attribute `spacing`: that of the line through its thresholds, () if there is none.

    Without tensors its quantizer is taken to be uniform, over all that what is compared can hold.
    """
    widest = widest_spacing(layer.number("thresholds"), compared_bits)
    spacing = (line.spacing if line else None) if layer.tensors else widest
    return replace(layer, attributes={**layer.attributes, "spacing": spacing.numbers if spacing else ()})


def spacing_of(layer: Layer) -> Spacing | None:
    """How the layer's thresholds are spaced; None for a table."""
    return Spacing(*layer.numbers("spacing")) if layer.attributes.get("spacing") else None


def _unit(layer: Layer, folding: Folding) -> ThresholdUnit:
    int_type = _compared_type(layer)
    return ThresholdUnit(
        pe=folding.pe,
        channels=layer.input.channels,
        thresholds=layer.number("thresholds"),
        in_type=int_type,
        threshold_type=_threshold_type(layer),
        out_type=layer.output.type,
        spacing=spacing_of(layer),
    )


def _compared_type(layer: Layer) -> IntType:
    """A bipolar input is compared by its codes, 0 and 1."""
    return IntType(1, signed=False) if layer.input.type.bipolar else layer.input.type


def _compared(layer: Layer) -> Interval:
    """What is compared can be."""
    return _compared_type(layer).reach if layer.input.type.bipolar else layer.input.interval


def _threshold_type(layer: Layer) -> IntType:
    """A threshold may lie one above the largest input: never."""
    compared = _compared(layer)
    return compared.including(compared.high + 1).type


def _codes(layer: Layer) -> np.ndarray:
    """The thresholds that the hardware compares with, int64 (C, N): what is out of reach is just out of reach."""
    thresholds = layer.tensors["thresholds"]
    if layer.input.type.bipolar:
        thresholds = (thresholds > -1).astype(np.int64) + (thresholds > 1)
    compared = _compared(layer)
    clipped: np.ndarray = np.clip(thresholds, compared.low, compared.high + 1)
    return clipped


def _line(layer: Layer) -> Line | None:
    compared, channels = _compared(layer), layer.input.channels
    return line_through(_codes(layer), np.full(channels, compared.low), np.full(channels, compared.high))
