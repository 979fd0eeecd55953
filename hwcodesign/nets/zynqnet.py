"""ZynqNet (D. Gschwend, ZynqNet: an FPGA-accelerated embedded convolutional neural network, ETH Zurich, 2016).

SqueezeNet made friendly to FPGAs (section 6.3 of F. Iandola's dissertation): strided 3x3 squeeze layers instead of max
pools, and dimensions that are powers of two wherever possible.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, NamedTuple

from pydantic import Field

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Shape
from hwcodesign.nets import family
from hwcodesign.nets.network import INPUT, MOST_SIDE, Concat, Conv, Count, GlobalAvgPool, Network, Node


class _Fire(NamedTuple):
    """A Fire module; one that halves the resolution squeezes with 3x3 filters of stride 2, the others with 1x1."""

    halves: bool
    squeeze: int
    expand1x1: int
    expand3x3: int


_CONV1_FILTERS = 64
_FIRES = (
    _Fire(True, 16, 64, 64),
    _Fire(False, 16, 64, 64),
    _Fire(True, 32, 128, 128),
    _Fire(False, 32, 128, 128),
    _Fire(True, 64, 256, 256),
    _Fire(False, 64, 192, 192),
    _Fire(True, 112, 256, 256),
    _Fire(False, 112, 368, 368),
)


@family("zynqnet", title="ZynqNet", image=(256, 256, 3))
@dataclass(frozen=True)
class ZynqNet:
    """The defaults give ZynqNet for 1000 classes: 2,524,352 weights, 4,448 biases, 529,301,504 multiply-accumulates.

    `fire_modules` keeps the first so many; `width` multiplies their filters and conv1's. `outputs` counts the filters
    of the two halves of the last layer: by default the power of two that holds the classes (1024 for 1000).
    """

    fire_modules: Annotated[int, Field(ge=1, le=len(_FIRES))] = len(_FIRES)
    width: Annotated[float, Field(gt=0, le=MOST_SIDE)] = 1.0
    conv1_stride: Count = 2
    outputs: Annotated[int, Field(ge=2, le=MOST_SIDE)] | None = None

    def describe(self, input_shape: Shape, classes: int) -> Network:
        """The network. Raises UserError if `width` leaves a fraction of a filter, or `outputs` has no two halves."""
        outputs = self.outputs or 1 << (classes - 1).bit_length()
        if outputs % 2 or outputs < classes:
            raise UserError(
                f"outputs = {outputs}: two parallel convolutions share them and {classes} classes need one each; "
                f"the nearest that is allowed: {max(classes + classes % 2, outputs + outputs % 2)}"
            )
        return Network("zynqnet", input_shape, classes, tuple(self._nodes(outputs)))

    def _nodes(self, outputs: int) -> Iterator[Node]:
        yield Conv("conv1", INPUT, self._scaled(_CONV1_FILTERS), 3, self.conv1_stride, 1, quantizer="conv1.quantizer")
        source = "conv1"
        for number, fire in enumerate(_FIRES[: self.fire_modules], start=2):
            yield from self._fire(f"fire{number}", source, fire)
            source = f"fire{number}.concat"
        last = f"conv{self.fire_modules + 2}"
        halves = (f"{last}.split1", f"{last}.split2")
        for half in halves:
            yield Conv(half, source, outputs // 2, quantizer=f"{last}.quantizer")
        yield Concat(f"{last}.concat", halves)
        yield GlobalAvgPool("global_pool", f"{last}.concat")

    def _fire(self, name: str, source: str, fire: _Fire) -> Iterator[Node]:
        kernel, stride, pad = (3, 2, 1) if fire.halves else (1, 1, 0)
        squeeze, shared = f"{name}.squeeze", f"{name}.quantizer"
        yield Conv(squeeze, source, self._scaled(fire.squeeze), kernel, stride, pad, quantizer=f"{squeeze}.quantizer")
        yield Conv(f"{name}.expand1x1", squeeze, self._scaled(fire.expand1x1), quantizer=shared)
        yield Conv(f"{name}.expand3x3", squeeze, self._scaled(fire.expand3x3), kernel=3, pad=1, quantizer=shared)
        yield Concat(f"{name}.concat", (f"{name}.expand1x1", f"{name}.expand3x3"))

    def _scaled(self, filters: int) -> int:
        scaled = Fraction(repr(self.width)) * filters
        if scaled.denominator != 1:
            nearest = max(1, round(self.width * 16)) / 16
            raise UserError(f"width = {self.width}: {filters} filters become {float(scaled):g}, not a whole number; "
                            f"the nearest that is: {nearest:g}")  # fmt: skip
        return int(scaled)
