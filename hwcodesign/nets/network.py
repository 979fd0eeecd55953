"""A network as plain data, without torch: the one description from which everything else comes.

`nets/build.py` makes the float and the quantized PyTorch modules of it, `predict.py` the hardware graph that FINN's
lowering will give, and `analyze` its costs. Some nodes can only be analysed and run in float: no supported hardware
layer computes them, and `require_hardware` says which. A node reads the outputs of earlier nodes by name; its name is
its PyTorch path (fire2.expand3x3). A fully connected layer is a convolution whose kernel covers its whole input.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import gcd, prod
from typing import Annotated

from pydantic import Field

from hwcodesign.core.errors import UserError, did_you_mean, nearest_numbers
from hwcodesign.core.windows import Pair, Sides, both, by, extent, one, whole_after, window_positions
from hwcodesign.dataflow import Shape

INPUT = "input"
MOST_SIDE = 65_536  # pixels along one side, channels
MOST_NODES = 1_000
MOST_VALUES = 2**31  # in one feature map, and weights in one layer
Count = Annotated[int, Field(ge=1, le=MOST_SIDE)]
Padding = Annotated[int, Field(ge=0, le=MOST_SIDE)]
Counts = Count | tuple[Count, Count]  # (height, width)
Paddings = Padding | tuple[Padding, Padding]
Level = float | tuple[float, ...]  # one, or one for each channel of a pixel


@dataclass(frozen=True)
class _OneInput:
    """A node that reads the output of one other."""

    name: str
    input: str

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.input,)


class _Slides(_OneInput):
    """A node with a window. Its sides, steps and padding are one number, or two, (height, width), that differ."""

    def __post_init__(self) -> None:
        for key in ("kernel", "stride", "pad"):
            object.__setattr__(self, key, one(getattr(self, key)))


@dataclass(frozen=True)
class Conv(_Slides):
    """Convolution + bias (+ batch norm in training, folded) + ReLU + quantizer.

    Convolutions with the same `quantizer` share one activation quantizer: both expand branches of a Fire module,
    and both inputs of a bypass add, must. No quantizer means none of ReLU and quantizer: raw scores. Without `relu`
    the quantizer is a signed one, for all that share it. `most` is where the ReLU ends (6 for ReLU6): the float
    network's, for a quantizer has an end of its own. `leak` is its slope below 0 (LeakyReLU): the quantizer is a signed
    one then, too. `dilation` is how far neighbours under the kernel are apart.
    """

    filters: int
    kernel: Sides = 1
    stride: Sides = 1
    pad: Sides = 0
    groups: int = 1
    quantizer: str | None = None
    relu: bool = True
    most: float | None = None
    leak: float = 0.0
    dilation: Sides = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        sides = zip(both(self.kernel), both(self.dilation), strict=True)
        rows, columns = (apart if side > 1 else 1 for side, apart in sides)
        object.__setattr__(self, "dilation", one((rows, columns)))

    @property
    def extent(self) -> Pair:
        """The sides of what a window covers."""
        return extent(self.kernel, self.dilation)


@dataclass(frozen=True)
class MaxPool(_Slides):
    """Maximum over kernel x kernel windows; keeps its input's quantizer.

    `ceil` adds a window, cut off by the border, for the pixels that whole windows leave over (Caffe's pooling, and the
    ceiling in the dissertation's equation 4.2). Hardware makes windows whole with the lowest value, which never wins.
    """

    kernel: Sides
    stride: Sides
    pad: Sides = 0
    ceil: bool = False


@dataclass(frozen=True)
class AvgPool(_Slides):
    """Mean over kernel x kernel windows; what `pad` puts around the input counts as 0.

    Hardware sums, at a step that is the input's divided by a window's elements: no value is rounded, and they are wider
    than the input's. `ceil` means what it does for MaxPool; a window that is cut off has fewer elements, which only
    analysis and float know.
    """

    kernel: Sides
    stride: Sides
    pad: Sides = 0
    ceil: bool = False


@dataclass(frozen=True)
class LocalResponseNorm(_OneInput):
    """Each value divided by a power of the squares of its `size` neighbours across channels. Analysis and float only.

    Source: A. Krizhevsky et al., ImageNet classification with deep convolutional neural networks, 2012, section 3.3.
    """

    size: int = 5


@dataclass(frozen=True)
class GlobalAvgPool(_OneInput):
    """Mean over all pixels. The hardware sums; the division is the host's (argmax does not need it)."""


@dataclass(frozen=True)
class Requantize(_OneInput):
    """A value quantized again: by the `quantizer` of what it will be added to, or by one of its own.

    `relu`, `most`, `leak`: see Conv.
    """

    quantizer: str
    relu: bool = True
    most: float | None = None
    leak: float = 0.0


class Moving(_OneInput, ABC):
    """A node that computes nothing: what it reads comes elsewhere, or several times, and keeps its quantizer."""

    @abstractmethod
    def shape(self, before: Shape) -> Shape:
        """What becomes of a map of the shape `before`. Raises UserError, naming the node, if nothing does."""


@dataclass(frozen=True)
class Upsample(Moving):
    """Every pixel `factor` times along both sides, or (rows, columns) times: the nearest neighbour."""

    factor: Sides

    def __post_init__(self) -> None:
        object.__setattr__(self, "factor", one(self.factor))

    def shape(self, before: Shape) -> Shape:
        rows, columns = both(self.factor)
        return before[0] * rows, before[1] * columns, before[2]


@dataclass(frozen=True)
class Channels(Moving):
    """The channels of the input that are `picked`, in that order: a slice, a split, a channel shuffle."""

    picked: tuple[int, ...]

    def shape(self, before: Shape) -> Shape:
        height, width, channels = before
        if not self.picked or not 0 <= min(self.picked) <= max(self.picked) < channels:
            raise UserError(f"{self.name}: it picks the channels {list(self.picked)} of an input that has 0 to "
                            f"{channels - 1}; pick one of these, or more")  # fmt: skip
        return height, width, len(self.picked)


@dataclass(frozen=True)
class PixelShuffle(Moving):
    """A block of `factor` * `factor` pixels of as many channels, one behind the other (PyTorch's PixelShuffle)."""

    factor: int

    def shape(self, before: Shape) -> Shape:
        height, width, channels = before
        if channels % self.factor**2:
            allowed = [n for n in range(1, channels + 1) if channels % n**2 == 0]
            nearest = " or ".join(map(str, nearest_numbers(self.factor, allowed)))
            raise UserError(
                f"{self.name}: its {channels} input channels make no whole blocks of {self.factor} x {self.factor} "
                f"pixels; nearest factor: {nearest}"
            )
        return height * self.factor, width * self.factor, channels // self.factor**2


@dataclass(frozen=True)
class Concat:
    """Channels of the inputs side by side; the inputs share one quantizer."""

    name: str
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class Add:
    """Element-wise sum of two inputs that share one quantizer, re-quantized by `quantizer` (a bypass).

    Without `relu` that quantizer is a signed one; `most`, `leak`: see Conv.
    """

    name: str
    inputs: tuple[str, str]
    quantizer: str
    relu: bool = True
    most: float | None = None
    leak: float = 0.0


Window = Conv | MaxPool | AvgPool
Quantizing = Conv | Requantize | Add  # what may end in a quantizer
Node = Window | LocalResponseNorm | GlobalAvgPool | Requantize | Moving | Concat | Add


@dataclass(frozen=True)
class LayerBits:
    """Bits of one layer's weights, and of the activations that it gives; None means the network's."""

    weight_bits: int | None = None
    activation_bits: int | None = None


@dataclass(frozen=True)
class Quantization:
    """Bits of weights and activations. 1 bit is bipolar {-1, +1}; activations after ReLU are unsigned otherwise.

    The first and the last convolution's weights have bits of their own (they suffer most); None means `weight_bits`.
    `layers` overrules all of these, by the name of a layer, or of a module for all layers in it (fire2).

    The scale of a filter's weights makes the largest of them the last level, unless `stored_scales`: then it is a
    number of its own, part of the trained weights.
    """

    weight_bits: int = 4
    activation_bits: int = 4
    first_weight_bits: int | None = None
    last_weight_bits: int | None = None
    layers: Mapping[str, LayerBits] = field(default_factory=dict, hash=False)
    stored_scales: bool = False


@dataclass(frozen=True)
class Network:
    """Nodes in the order they run. `input_shape` is (height, width, channels) of the uint8 image."""

    name: str
    input_shape: Shape
    classes: int
    nodes: tuple[Node, ...]

    @property
    def convolutions(self) -> tuple[Conv, ...]:
        return tuple(node for node in self.nodes if isinstance(node, Conv))

    @cached_property
    def quantizers(self) -> Mapping[str, str]:
        """The name of the quantizer of every node that ends in one."""
        return {n.name: n.quantizer for n in self.nodes if isinstance(n, Quantizing) and n.quantizer}

    @cached_property
    def signed_quantizers(self) -> frozenset[str]:
        """Those that take numbers below 0: no ReLU stands in front of them, or one that leaks."""
        ends = (node for node in self.nodes if isinstance(node, Quantizing))
        return frozenset(node.quantizer for node in ends if node.quantizer and may_be_negative(node))

    @cached_property
    def relu_ends(self) -> Mapping[str, float]:
        """Where the ReLU in front of a quantizer ends, of those that have an end."""
        return {n.quantizer: n.most for n in self.nodes if isinstance(n, Quantizing) and n.quantizer and n.most}

    @cached_property
    def scoring(self) -> tuple[str, ...]:
        """The last convolutions, those with no other behind them: one in most networks, parallel halves in ZynqNet."""
        feeding: set[str] = set()
        for node in reversed(self.nodes):
            if isinstance(node, Conv) or node.name in feeding:
                feeding.update(node.inputs)
        return tuple(conv.name for conv in self.convolutions if conv.name not in feeding)

    @cached_property
    def shapes(self) -> Mapping[str, Shape]:
        """Output shape of every node and of INPUT.

        Raises UserError naming the node whose kernel is larger than its input, or whose inputs do not match; or if a
        network is of a size that nothing is ever made of.
        """
        if len(self.nodes) > MOST_NODES:
            raise UserError(
                f"{self.name}: it would have {len(self.nodes):,} layers; at most {MOST_NODES:,} are planned"
            )
        known: dict[str, Shape] = {INPUT: self.input_shape}
        for node in self.nodes:
            inputs = [known[name] for name in node.inputs]
            known[node.name] = _output_shape(node, inputs)
            _require_moderate(node, inputs[0], known[node.name])
        return known

    @property
    def outputs(self) -> int:
        """How many scores come out: one for each class, or more where a family pads them, or they are a map."""
        return prod(self.shapes[self.nodes[-1].name])

    def weight_bits(self, quantization: Quantization) -> dict[str, int]:
        """Bits of the weights of every convolution, by its name."""
        bits = dict.fromkeys((conv.name for conv in self.convolutions), quantization.weight_bits)
        bits[self.convolutions[0].name] = quantization.first_weight_bits or quantization.weight_bits
        bits |= dict.fromkeys(self.scoring, quantization.last_weight_bits or quantization.weight_bits)
        for name, layer in _by_layer(self, quantization):
            if name in bits and layer.weight_bits:
                bits[name] = layer.weight_bits
        return bits

    def activation_bits(self, quantization: Quantization) -> dict[str, int]:
        """Bits of every activation quantizer, by its name.

        Raises UserError for bits of a layer that is not there, and for layers that share a quantizer and differ.
        """
        quantizers = self.quantizers
        wanted = dict.fromkeys(quantizers, quantization.activation_bits)
        wanted |= {name: bits.activation_bits for name, bits in _by_layer(self, quantization) if bits.activation_bits}
        found: dict[str, set[int]] = {}
        for name, quantizer in quantizers.items():
            found.setdefault(quantizer, set()).add(wanted[name])
        for shared, bits in found.items():
            if len(bits) > 1:
                sharing = " and ".join(name for name, quantizer in quantizers.items() if quantizer == shared)
                different = " and ".join(map(str, sorted(bits)))
                raise UserError(
                    f"quantization.layers: {sharing} share one quantizer, but have {different} activation bits; give "
                    f"them the same"
                )
        return {quantizer: bits.pop() for quantizer, bits in found.items()}

    def weights(self, conv: Conv) -> int:
        """Number of weights of `conv`, without its biases."""
        return conv.filters * self.shapes[conv.input][2] // conv.groups * prod(both(conv.kernel))

    def parameters(self, conv: Conv) -> int:
        """Weights and one bias per filter (batch norm folds into these two)."""
        return self.weights(conv) + conv.filters


def _require_moderate(node: Node, before: Shape, shape: Shape) -> None:
    weights = node.filters * before[2] // node.groups * prod(both(node.kernel)) if isinstance(node, Conv) else 0
    if max(shape) > MOST_SIDE or prod(shape) > MOST_VALUES or weights > MOST_VALUES:
        height, width, channels = shape
        raise UserError(f"{node.name}: it would have {weights:,} weights, and activations of {height:,} x {width:,} x "
                        f"{channels:,}; allowed: {MOST_SIDE:,} along each side, {MOST_VALUES:,} of both")  # fmt: skip


def _by_layer(network: Network, quantization: Quantization) -> Iterator[tuple[str, LayerBits]]:
    """What `quantization.layers` says of each layer, a module's bits before those of the layers in it."""
    names = [node.name for node in network.nodes if isinstance(node, Quantizing)]
    for key in sorted(quantization.layers, key=len):
        members = [name for name in names if name == key or name.startswith(f"{key}.")]
        if not members:
            raise UserError(f"quantization.layers.{key}: {did_you_mean(key, names)}")
        for name in members:
            yield name, quantization.layers[key]


def _output_shape(node: Node, inputs: list[Shape]) -> Shape:
    height, width, channels = inputs[0]
    match node:
        case Conv():
            _require_whole_groups(node, channels)
            return *windows_on(node, inputs[0]), node.filters
        case MaxPool() | AvgPool():
            return *windows_on(node, inputs[0]), channels
        case GlobalAvgPool():
            return 1, 1, channels
        case Moving():
            return node.shape(inputs[0])
        case Concat():
            _require_equal(node.name, "pixels", [shape[:2] for shape in inputs])
            return height, width, sum(shape[2] for shape in inputs)
        case Add():
            _require_equal(node.name, "shapes", inputs)
    return inputs[0]


def windows_on(node: Window, shape: Shape) -> tuple[int, int]:
    """Rows and columns of windows on `shape` (equation 4.2 of the dissertation, its ceiling where `node.ceil`)."""
    kernel = node.extent if isinstance(node, Conv) else both(node.kernel)
    stride, pad = both(node.stride), both(node.pad)
    padded = shape[0] + 2 * pad[0], shape[1] + 2 * pad[1]
    if kernel[0] > padded[0] or kernel[1] > padded[1]:
        most = one((min(kernel[0], padded[0]), min(kernel[1], padded[1])))
        spread = "" if kernel == both(node.kernel) else f" ({by(node.kernel)}, dilated)"
        raise UserError(
            f"{node.name}: its {by(kernel)} kernel{spread} is larger than its input of {by(padded)} pixels; "
            f"use a larger image, fewer poolings, or a kernel of at most {by(most)}"
        )
    after = _after(node, shape)
    rows, columns = (window_positions(*along) for along in zip(shape[:2], kernel, stride, pad, after, strict=True))
    return rows, columns


def _after(node: Window, shape: Shape) -> tuple[int, int]:
    """The padding below and to the right, with that which makes windows whole that rounding up adds."""
    pad = both(node.pad)
    if isinstance(node, Conv) or not node.ceil:
        return pad
    along = zip(shape[:2], both(node.kernel), both(node.stride), pad, pad, strict=True)
    rows, columns = (whole_after(*numbers) for numbers in along)
    return rows, columns


def may_be_negative(node: Quantizing) -> bool:
    """Whether what stands in front of the node's quantizer gives numbers below 0, too."""
    return not node.relu or node.leak > 0


def of_pixels(network: Network, name: str) -> bool:
    """Whether node `name` gives the pixels, or what pools and moves make of them."""
    by_name = {node.name: node for node in network.nodes}
    while name != INPUT and isinstance(by_name[name], MaxPool | AvgPool | GlobalAvgPool | Moving):
        name = by_name[name].inputs[0]
    return name == INPUT


def averaged_pixels(network: Network, pool: AvgPool | GlobalAvgPool) -> int:
    """How many pixels of its input a pool averages each time."""
    if isinstance(pool, AvgPool):
        return prod(both(pool.kernel))
    rows, columns, _ = network.shapes[pool.input]
    return rows * columns


def cuts_windows(pool: MaxPool | AvgPool, shape: Shape) -> bool:
    """Whether rounding up matters to `pool` on an input of `shape`: pixels are left over for a window cut off."""
    along = zip(shape[:2], both(pool.kernel), both(pool.stride), both(pool.pad), strict=True)
    return pool.ceil and any((size + 2 * pad - kernel) % stride for size, kernel, stride, pad in along)


def whole_windows(pool: MaxPool, shape: Shape) -> tuple[int, int, int, int]:
    """The padding (top, left, bottom, right) with which no window of `pool` on an input of `shape` is cut off."""
    return *both(pool.pad), *_after(pool, shape)


def require_hardware(network: Network) -> None:
    """Raise one UserError that names every node which no supported hardware layer computes."""
    faults = [f"{node.name}: {fault}" for node in network.nodes if (fault := _hardware_fault(network, node))]
    if faults:
        raise UserError(f"{network.name} can be analysed, but not become hardware:\n" + "\n".join(faults))


def _hardware_fault(network: Network, node: Node) -> str | None:
    match node:
        case LocalResponseNorm():
            return "no supported hardware layer computes local response normalisation; leave the layer out"
        case AvgPool() if cuts_windows(node, network.shapes[node.input]):
            return "its border cuts windows off, which average fewer pixels; use ceil = false, or a kernel that fits"
        case MaxPool() | AvgPool() if any(2 * p > k for p, k in zip(both(node.pad), both(node.kernel), strict=True)):
            return f"pad = {by(both(node.pad))}: a pool pads at most half its kernel of {by(both(node.kernel))}"
    return None


def _require_whole_groups(conv: Conv, channels: int) -> None:
    common = gcd(conv.filters, channels)
    if common % conv.groups:
        allowed = [n for n in range(1, common + 1) if common % n == 0]
        nearest = " or ".join(map(str, nearest_numbers(conv.groups, allowed)))
        raise UserError(
            f"{conv.name}: {conv.groups} groups must divide its {conv.filters} filters and its {channels} input "
            f"channels; nearest: {nearest}"
        )


def _require_equal(name: str, what: str, values: Sequence[tuple[int, ...]]) -> None:
    if len(set(values)) != 1:
        raise UserError(f"{name}: its inputs must have equal {what}, but have {' and '.join(map(str, values))}")
