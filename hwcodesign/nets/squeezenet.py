"""SqueezeNet, generated from the metaparameters of F. Iandola's dissertation (UC Berkeley, 2016), section 5.5.1.

A Fire module squeezes its input to s channels with 1x1 filters and expands them to e channels, some with 1x1 and
some with 3x3 filters. For Fire module i, counted from 0 (the first is called fire2, after conv1):

    e_i = base_e + incr_e * floor(i / freq)     e_i,3x3 = pct_3x3 * e_i     s_i = SR * e_i
"""

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from hwcodesign.core.errors import UserError, did_you_mean
from hwcodesign.dataflow import Shape
from hwcodesign.nets import family
from hwcodesign.nets.network import (
    INPUT,
    MOST_NODES,
    MOST_SIDE,
    Add,
    Concat,
    Conv,
    Count,
    GlobalAvgPool,
    MaxPool,
    Network,
    Node,
    Padding,
)

_POOLS = ("conv1", "fire4", "fire8")  # behind these SqueezeNet v1.0 pools


class _Value(NamedTuple):
    """What has been computed so far: its node, its channels, the quantizer that its integers come from."""

    name: str
    channels: int
    quantizer: str


@family("squeezenet", title="SqueezeNet", shrunk_by="SR")
@dataclass(frozen=True)
class SqueezeNet:
    """The defaults give SqueezeNet v1.0: 1,248,424 parameters for 1000 classes (Table 5.1), 4.8 MiB in 32 bits.

    `bypass = "simple"` adds a Fire module's input to its output wherever both have equally many channels (fire3, 5,
    7, 9); "complex" also puts a 1x1 convolution around the others. That makes 1,589,672 parameters, 6.1 MiB (6.4 MB)
    in 32 bits, where the dissertation prints 7.7 MB.

    `pool_after` left out means v1.0's places, conv1, fire4 and fire8, as far as there are so many Fire modules.

    The authors' Caffe file also has `pool_ceil` (see MaxPool) and pads the last convolution, `last_pad` = 1: a border
    of biases behind ReLU that the mean takes in.
    """

    base_e: Count = 128
    incr_e: Padding = 128
    pct_3x3: Annotated[float, Field(gt=0, lt=1)] = 0.5
    freq: Count = 2
    SR: Annotated[float, Field(gt=0, le=MOST_SIDE)] = 0.125
    fire_modules: Annotated[int, Field(ge=1, le=MOST_NODES // 4)] = 8
    conv1_filters: Count = 96
    conv1_kernel: Count = 7
    conv1_stride: Count = 2
    conv1_pad: Padding = 0
    pool_after: tuple[str, ...] | None = None
    pool_kernel: Count = 3
    pool_stride: Count = 2
    pool_ceil: bool = False
    last_pad: Annotated[int, Field(ge=0)] = 0
    bypass: Literal["none", "simple", "complex"] = "none"

    def describe(self, input_shape: Shape, classes: int) -> Network:
        """The network for images of `input_shape` (height, width, channels).

        Raises UserError if a Fire module's filters are not a whole number of at least 1 of each sort, if `pool_after`
        names no layer that a pooling can follow, or if a kernel is larger than its input.
        """
        self._require_whole_filters()
        network = Network("squeezenet", input_shape, classes, tuple(self._nodes(classes)))
        assert network.shapes
        return network

    @property
    def expand_filters(self) -> tuple[int, ...]:
        """e_i of every Fire module."""
        return tuple(self.base_e + self.incr_e * (i // self.freq) for i in range(self.fire_modules))

    def _nodes(self, classes: int) -> Iterator[Node]:
        names = ["conv1", *(f"fire{i + 2}" for i in range(self.fire_modules))]
        for name in self.pool_after or ():
            if name not in names:
                raise UserError(f"pool_after = {name!r}: {did_you_mean(name, names)}")
        value = _Value("conv1", self.conv1_filters, "conv1.quantizer")
        yield Conv("conv1", INPUT, value.channels, self.conv1_kernel, self.conv1_stride, self.conv1_pad,
                   quantizer=value.quantizer)  # fmt: skip
        value = yield from self._pool("conv1", value)
        for name, expand in zip(names[1:], self.expand_filters, strict=True):
            value = yield from self._fire(name, expand, value)
            value = yield from self._pool(name, value)
        last = f"conv{self.fire_modules + 2}"
        yield Conv(last, value.name, classes, pad=self.last_pad, quantizer=f"{last}.quantizer")
        yield GlobalAvgPool("global_pool", last)

    def _pool(self, after: str, value: _Value) -> Generator[Node, None, _Value]:
        """A max pool behind the layer or Fire module `after`, if there shall be one (pool4 stands behind fire4)."""
        if after not in (_POOLS if self.pool_after is None else self.pool_after):
            return value
        name = f"pool{after.removeprefix('conv').removeprefix('fire')}"
        yield MaxPool(name, value.name, self.pool_kernel, self.pool_stride, ceil=self.pool_ceil)
        return value._replace(name=name)

    def _fire(self, name: str, expand: int, value: _Value) -> Generator[Node, None, _Value]:
        simple = self.bypass != "none" and value.channels == expand
        # The two sides of an add must speak the same integers, so a simple bypass hands its quantizer on.
        quantizer = value.quantizer if simple else f"{name}.quantizer"
        filters_3x3 = round(expand * self.pct_3x3)
        yield Conv(f"{name}.squeeze", value.name, round(expand * self.SR), quantizer=f"{name}.squeeze.quantizer")
        yield Conv(f"{name}.expand1x1", f"{name}.squeeze", expand - filters_3x3, quantizer=quantizer)
        yield Conv(f"{name}.expand3x3", f"{name}.squeeze", filters_3x3, kernel=3, pad=1, quantizer=quantizer)
        yield Concat(f"{name}.concat", (f"{name}.expand1x1", f"{name}.expand3x3"))
        if not simple and self.bypass != "complex":
            return _Value(f"{name}.concat", expand, quantizer)
        around = value.name
        if not simple:
            around = f"{name}.bypass"
            yield Conv(around, value.name, expand, quantizer=quantizer)
        yield Add(f"{name}.add", (around, f"{name}.concat"), f"{name}.add.quantizer")
        return _Value(f"{name}.add", expand, f"{name}.add.quantizer")

    def _require_whole_filters(self) -> None:
        """Both ratios times e_i are whole for every i exactly when they are multiples of 1 / gcd(e_i)."""
        common = math.gcd(*self.expand_filters)
        if common == 1:
            raise UserError(f"base_e = {self.base_e}: the expand filters {self.expand_filters} have no common divisor, "
                            f"so pct_3x3 cannot split them all; use even base_e and incr_e")  # fmt: skip
        for key, ratio, most in (("pct_3x3", self.pct_3x3, common - 1), ("SR", self.SR, None)):
            steps = Fraction(repr(ratio)) * common
            if steps.denominator != 1 or steps < 1:
                nearest = max(1, round(steps)) if most is None else min(max(1, round(steps)), most)
                raise UserError(f"{key} = {ratio}: of {min(self.expand_filters)} expand filters this is not a whole "
                                f"number of at least 1; the nearest that is: {nearest / common:g}")  # fmt: skip
