"""MobileNet (A. Howard et al., MobileNets: efficient convolutional neural networks for mobile vision, 2017, table 1).

Depthwise separable convolutions: 3x3 filters that see one channel each, then 1x1 filters that see all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Shape
from hwcodesign.nets import family
from hwcodesign.nets.network import INPUT, MOST_SIDE, Conv, Count, GlobalAvgPool, Network, Node

_CONV1_FILTERS = 32
# Filters and stride of each pair.
_PAIRS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))


@family("mobilenet", title="MobileNet", shrunk_by="width")
@dataclass(frozen=True)
class MobileNet:
    """The defaults give MobileNet (V1) for 1000 classes: 4,221,032 parameters, batch norms folded.

    `width` multiplies the filters of all layers; `pairs` keeps the first so many pairs of depthwise and pointwise
    layers; `conv1_stride` 1 is for small images.
    """

    width: Annotated[float, Field(gt=0, le=MOST_SIDE)] = 1.0
    pairs: Annotated[int, Field(ge=1, le=len(_PAIRS))] = len(_PAIRS)
    conv1_stride: Count = 2

    def describe(self, input_shape: Shape, classes: int) -> Network:
        """The network. Raises UserError if `width` leaves a fraction of a filter, or no pixel is left for a layer."""
        network = Network("mobilenet", input_shape, classes, tuple(self._nodes(classes)))
        assert network.shapes
        return network

    def _nodes(self, classes: int) -> Iterator[Node]:
        channels, source = self._scaled(_CONV1_FILTERS), "conv1"
        yield Conv("conv1", INPUT, channels, 3, self.conv1_stride, 1, quantizer="conv1.quantizer")
        for number, (filters, stride) in enumerate(_PAIRS[: self.pairs], start=2):
            depthwise, pointwise = f"pair{number}.depthwise", f"pair{number}.pointwise"
            yield Conv(depthwise, source, channels, 3, stride, 1, channels, f"{depthwise}.quantizer")
            channels, source = self._scaled(filters), pointwise
            yield Conv(pointwise, depthwise, channels, quantizer=f"{pointwise}.quantizer")
        yield GlobalAvgPool("global_pool", source)
        yield Conv("fc", "global_pool", classes)

    def _scaled(self, filters: int) -> int:
        scaled = Fraction(repr(self.width)) * filters
        if scaled.denominator != 1:
            nearest = max(1, round(self.width * _CONV1_FILTERS)) / _CONV1_FILTERS
            raise UserError(f"width = {self.width}: {filters} filters become {float(scaled):g}, not a whole number; "
                            f"the nearest that is: {nearest:g}")  # fmt: skip
        return int(scaled)
