"""The scores, followed by the indices of the highest. Attribute `top`: how many indices, 1 to 8, best first.

Of equal scores the lower index comes first. The output type is signed and holds scores and indices. One score alone is
always the highest: what it says (its value, its sign) is for the host to tell.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory
from hwcodesign.kinds.motion import Motion, Pipeline

LARGEST_TOP = 8  # every index more is one more comparator in the same clock


class LabelSelect(Kind):
    """One score or index a cycle."""

    name = "label_select"
    cells: ClassVar[tuple[str, ...]] = ("ranking",)
    finn_operators: ClassVar[tuple[str, ...]] = ("LabelSelect",)
    finn_shape = False  # it gives the best class alone

    def output(self, layer: Layer) -> Stream:
        """Scores and indices, in one signed type."""
        bounds = layer.input.interval.including(0, layer.input.channels - 1)
        return Stream((1, 1, layer.input.channels + _top(layer)), bounds.signed_type, bounds)

    def check(self, layer: Layer) -> None:
        """Raises UserError unless the input is one pixel of scores and the output holds them and `top` indices."""
        channels, top, int_type = layer.input.channels, _top(layer), layer.output.type
        if layer.input.pixels != 1:
            raise UserError(f"{layer.name}: the scores must be one pixel, not {layer.input.shape[:2]}; pool them first")
        most = min(channels, LARGEST_TOP)
        if not 1 <= top <= most:
            raise UserError(f"{layer.name}: top = {top}, but 1 to {most} of {channels} classes are possible")
        if layer.output.shape != (1, 1, channels + top):
            raise UserError(f"{layer.name}: the output is {(1, 1, channels + top)}, not {layer.output.shape}")
        low, high = layer.input.low, max(layer.input.high, channels - 1)
        if not int_type.signed or int_type.min > low or int_type.max < high:
            raise UserError(f"{layer.name}: scores and indices from {low} to {high} do not fit a signed {int_type}")

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [with_best(inputs[0], inputs[0], _top(layer))]

    def foldings(self, layer: Layer) -> list[Folding]:
        return [Folding(1)]

    def lanes(self, layer: Layer, folding: Folding) -> tuple[int, int]:
        return 1, 1

    def cycles(self, layer: Layer, folding: Folding) -> int:
        return layer.output.channels

    def motion(self, layer: Layer, folding: Folding) -> Motion:
        """A score in, a score out; then the indices."""
        return Pipeline(((1, 1, layer.input.channels), (0, 1, layer.output.channels - layer.input.channels)))

    def latency(self, layer: Layer, folding: Folding) -> int:
        """From a score in to the same score out, so never later than this after the last score."""
        return 1

    def pixel_cycles(self, layer: Layer, folding: Folding) -> int:
        return layer.output.channels

    def input_slot(self, layer: Layer, folding: Folding, port: int) -> tuple[int, int]:
        """The indices follow after all scores."""
        return 0, layer.input.channels

    def working(self, layer: Layer, folding: Folding) -> tuple[str, ...]:
        return ("step",)

    def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
        return []

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        """Estimate: for each place a comparator and two multiplexers; registers of score and index, the counter."""
        score_bits, index_bits = layer.output.type.bits, (layer.output.channels - 1).bit_length()
        place = score_bits + index_bits
        return Logic(
            lut=_top(layer) * (score_bits // 2 + place) + score_bits + 2 * index_bits,
            ff=_top(layer) * place + score_bits + index_bits + 1,
        )

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        """The parameters that every kernel of this form has."""
        int_type = layer.input.type
        return {
            "CHANNELS": layer.input.channels,
            "TOP": _top(layer),
            "IN_BITS": int_type.bits,
            "IN_SIGNED": int(int_type.signed),
            "OUT_BITS": layer.output.type.bits,
        }


def with_best(scores: np.ndarray, keys: np.ndarray, top: int) -> np.ndarray:
    """The scores (..., classes), then the classes of the `top` highest keys, of equal ones the lower first; int64."""
    best = np.argsort(-keys, axis=-1, kind="stable")[..., :top]
    return np.concatenate([scores, best], axis=-1)


def _top(layer: Layer) -> int:
    return layer.number("top")
