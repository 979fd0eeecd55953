"""MobileNetV2 (M. Sandler et al., MobileNetV2: inverted residuals and linear bottlenecks, 2018, table 2).

A block widens its input with 1x1 filters, looks at each channel with 3x3 ones, and narrows it again without ReLU; where
nothing changes its size, the input is added. All that is added up in a stage counts in the same steps: one signed
quantizer closes every narrow map of the stage, and the sums.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import floor
from typing import Annotated

from pydantic import Field

from hwcodesign.dataflow import Shape
from hwcodesign.nets import family
from hwcodesign.nets.network import INPUT, MOST_SIDE, Add, Conv, Count, GlobalAvgPool, Network, Node

# Widening, channels, blocks, stride of the first block.
_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
_CONV1_FILTERS, _LAST_FILTERS = 32, 1280
_MULTIPLE = 8  # of which every layer's filters are one


@family("mobilenetv2", title="MobileNetV2", shrunk_by="width")
@dataclass(frozen=True)
class MobileNetV2:
    """The defaults give MobileNetV2 for 1000 classes: 3,487,816 parameters, batch norms folded.

    `width` multiplies the filters of all layers, rounded to multiples of 8 (but never down by more than a tenth); those
    of the last one only if it is above 1. `stages` keeps the first so many; `conv1_stride` 1 is for small images;
    `expansion` widens all stages but the first.
    """

    width: Annotated[float, Field(gt=0, le=MOST_SIDE)] = 1.0
    stages: Annotated[int, Field(ge=1, le=len(_STAGES))] = len(_STAGES)
    conv1_stride: Count = 2
    expansion: Count = 6
    last_filters: Count = _LAST_FILTERS

    def describe(self, input_shape: Shape, classes: int) -> Network:
        """The network. Raises UserError if no pixel is left for a layer."""
        network = Network("mobilenetv2", input_shape, classes, tuple(self._nodes(classes)))
        assert network.shapes
        return network

    def _nodes(self, classes: int) -> Iterator[Node]:
        source, channels = "conv1", self._scaled(_CONV1_FILTERS)
        yield Conv("conv1", INPUT, channels, 3, self.conv1_stride, 1, quantizer="conv1.quantizer")
        for number, (widening, filters, blocks, stride) in enumerate(_STAGES[: self.stages], start=1):
            wide, narrow = min(widening, self.expansion), self._scaled(filters)
            for block in range(1, blocks + 1):
                name = f"stage{number}.block{block}"
                yield from _block(name, source, channels, wide * channels, narrow, stride if block == 1 else 1)
                source, channels = f"{name}.add" if block > 1 else f"{name}.narrow", narrow
        last = self.last_filters if self.width <= 1 else self._scaled(self.last_filters)
        yield Conv("last", source, last, quantizer="last.quantizer")
        yield GlobalAvgPool("global_pool", "last")
        yield Conv("fc", "global_pool", classes)

    def _scaled(self, filters: int) -> int:
        wanted = self.width * filters
        nearest = max(_MULTIPLE, floor(wanted + _MULTIPLE / 2) // _MULTIPLE * _MULTIPLE)
        return nearest + _MULTIPLE if nearest < 0.9 * wanted else nearest


def _block(name: str, source: str, channels: int, wide: int, narrow: int, stride: int) -> Iterator[Node]:
    """The first of a stage changes the size; those behind it have an input to add."""
    stage, _, block = name.partition(".")
    last = source
    if wide > channels:
        last = f"{name}.widen"
        yield Conv(last, source, wide, quantizer=f"{last}.quantizer")
    yield Conv(f"{name}.depthwise", last, wide, 3, stride, 1, wide, f"{name}.depthwise.quantizer")
    shared = f"{stage}.quantizer"
    yield Conv(f"{name}.narrow", f"{name}.depthwise", narrow, quantizer=shared, relu=False)
    if block != "block1":
        yield Add(f"{name}.add", (source, f"{name}.narrow"), shared, relu=False)
