"""Any network without circles, layer by layer: what `hwcodesign quantize --model` makes of somebody's float network.

    [network]
    family = "graph"
    layers = [
        { layer = "conv", name = "stem", input = "input", filters = 16, kernel = 3, pad = 1, quantizer = "stem" },
        { layer = "conv", name = "left", input = "stem", filters = 16, quantizer = "sum", relu = false },
        { layer = "requantize", name = "right", input = "stem", quantizer = "sum" },
        { layer = "add", name = "both", inputs = ["left", "right"], quantizer = "both" },
        { layer = "global pool", name = "pool", input = "both" },
        { layer = "conv", name = "fc", input = "pool", filters = 10 },
    ]

A kernel, stride, pad or dilation that is not the same along both sides is written as two numbers, [height, width].

A layer is called by its PyTorch path and reads earlier ones by name; the first reads "input". What they mean is said in
nets/network.py. Layers that are added or concatenated share one quantizer. Without layers the network is one fully
connected layer on the pixels.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field

from hwcodesign.core.errors import UserError, did_you_mean
from hwcodesign.core.strict_toml import StrictModel
from hwcodesign.dataflow import Shape
from hwcodesign.nets import family
from hwcodesign.nets.classifier import covering_kernel
from hwcodesign.nets.network import (
    INPUT,
    Add,
    AvgPool,
    Channels,
    Concat,
    Conv,
    Count,
    Counts,
    GlobalAvgPool,
    MaxPool,
    Network,
    Node,
    Padding,
    Paddings,
    PixelShuffle,
    Requantize,
    Upsample,
    may_be_negative,
)

_PATH = re.compile(r"\w+(\.\w+)*", re.ASCII)


def _path(name: str) -> str:
    if not _PATH.fullmatch(name) or name == INPUT:
        raise ValueError(f"letters, digits and _, in parts joined by dots, and not {INPUT!r}")
    return name


Path = Annotated[str, AfterValidator(_path)]
ReluEnd = Annotated[float, Field(gt=0, allow_inf_nan=False)] | None
Leak = Annotated[float, Field(ge=0, lt=1)]


class ConvLayer(StrictModel):
    """Convolution, then ReLU unless `relu` is false, then its quantizer; without one: raw scores.

    `most` is where the ReLU of the float network ends, 6 for ReLU6; `leak` is the slope below 0 of one that leaks.
    """

    layer: Literal["conv"]
    name: Path
    input: str
    filters: Count
    kernel: Counts = 1
    stride: Counts = 1
    pad: Paddings = 0
    groups: Count = 1
    quantizer: Path | None = None
    relu: bool = True
    most: ReluEnd = None
    leak: Leak = 0.0
    dilation: Counts = 1


class MaxPoolLayer(StrictModel):
    """Maximum over windows; `ceil` adds one, cut off by the border, for pixels that whole ones leave over."""

    layer: Literal["max pool"]
    name: Path
    input: str
    kernel: Counts
    stride: Counts
    pad: Paddings = 0
    ceil: bool = False


class AvgPoolLayer(StrictModel):
    """Mean over windows, in which `pad` counts as zeros."""

    layer: Literal["average pool"]
    name: Path
    input: str
    kernel: Counts
    stride: Counts
    pad: Paddings = 0


class GlobalPoolLayer(StrictModel):
    """Mean over all pixels."""

    layer: Literal["global pool"]
    name: Path
    input: str


class RequantizeLayer(StrictModel):
    """A value quantized again; `relu`, `most` and `leak` as of a convolution."""

    layer: Literal["requantize"]
    name: Path
    input: str
    quantizer: Path
    relu: bool = True
    most: ReluEnd = None
    leak: Leak = 0.0


class UpsampleLayer(StrictModel):
    """Every pixel `factor` times along both sides, or [rows, columns] times."""

    layer: Literal["upsample"]
    name: Path
    input: str
    factor: Counts


class ChannelsLayer(StrictModel):
    """The channels that are `picked`, in that order: a slice, a split, a shuffle."""

    layer: Literal["channels"]
    name: Path
    input: str
    picked: tuple[Padding, ...]


class PixelShuffleLayer(StrictModel):
    """A block of `factor` x `factor` pixels of as many channels, one behind the other."""

    layer: Literal["pixel shuffle"]
    name: Path
    input: str
    factor: Count


class ConcatLayer(StrictModel):
    """Channels side by side."""

    layer: Literal["concat"]
    name: Path
    inputs: tuple[str, ...]


class AddLayer(StrictModel):
    """Sum, then ReLU unless `relu` is false, then its quantizer; `most` and `leak` as of a convolution."""

    layer: Literal["add"]
    name: Path
    inputs: tuple[str, str]
    quantizer: Path
    relu: bool = True
    most: ReluEnd = None
    leak: Leak = 0.0


_Moving = UpsampleLayer | ChannelsLayer | PixelShuffleLayer
AnyLayer = Annotated[
    ConvLayer | MaxPoolLayer | AvgPoolLayer | GlobalPoolLayer | RequantizeLayer | _Moving | ConcatLayer | AddLayer,
    Field(discriminator="layer"),
]
_NODES: Mapping[type[StrictModel], type[Node]] = {
    ConvLayer: Conv,
    MaxPoolLayer: MaxPool,
    AvgPoolLayer: AvgPool,
    GlobalPoolLayer: GlobalAvgPool,
    RequantizeLayer: Requantize,
    UpsampleLayer: Upsample,
    ChannelsLayer: Channels,
    PixelShuffleLayer: PixelShuffle,
    ConcatLayer: Concat,
    AddLayer: Add,
}
_LAYERS = {node: layer for layer, node in _NODES.items()}


@family("graph", title="a network of one's own, layer by layer", image=(28, 28, 1), classes=10)
@dataclass(frozen=True)
class Graph:
    """The layers, every one after those that it reads."""

    layers: tuple[AnyLayer, ...] = ()

    def describe(self, input_shape: Shape, classes: int) -> Network:
        """The network for images of `input_shape` (height, width, channels).

        Raises UserError for a layer that reads what is not there, two of one name, two that quantize the same values
        alike, scores of another number than `classes` (in all, or of each pixel where they are a map), and layers that
        are joined and do not share a quantizer.
        """
        nodes: list[Node] = []
        for layer in self.layers:
            values = {key: value for key, value in layer.model_dump().items() if key != "layer"}
            nodes.append(_NODES[type(layer)](**values | _quantizer_of(values)))
        if not nodes:
            nodes = [Conv("scores", INPUT, classes, covering_kernel(input_shape))]
        network = Network("graph", input_shape, classes, tuple(nodes))
        _require_order(nodes)
        _require_relus(nodes)
        _require_different(nodes)
        _require_shared(network)
        if classes not in (network.outputs, network.shapes[nodes[-1].name][2]):
            raise UserError(f"{nodes[-1].name}: it gives {network.outputs} scores, and data.classes = {classes}")
        return network


def layers_of(nodes: Sequence[Node]) -> list[dict[str, Any]]:
    """The key `layers` that describes `nodes`, as TOML has it: only what is not a default."""
    found = []
    for node in nodes:
        fields, values = _LAYERS[type(node)].model_fields, asdict(node)
        if values.get("quantizer"):
            values["quantizer"] = values["quantizer"].removesuffix(".quantizer")
        kept = {key: value for key, value in values.items() if key in fields and value != fields[key].default}
        (kind,) = get_args(fields["layer"].annotation)
        found.append({"layer": kind} | {k: list(v) if isinstance(v, tuple) else v for k, v in kept.items()})
    return found


def _quantizer_of(values: Mapping[str, Any]) -> dict[str, str]:
    """A module of its own, below the layer that the recipe names it after."""
    return {"quantizer": f"{values['quantizer']}.quantizer"} if values.get("quantizer") else {}


def _require_order(nodes: Sequence[Node]) -> None:
    known = [INPUT]
    for node in nodes:
        if node.name in known:
            raise UserError(f"network.layers: two layers are called {node.name}")
        for name in node.inputs:
            if name not in known:
                raise UserError(f"network.layers: {node.name} reads {name!r}, and there is no such layer before it: "
                                f"{did_you_mean(name, known)}")  # fmt: skip
        known.append(node.name)


def _require_relus(nodes: Sequence[Node]) -> None:
    """Where one ReLU in front of a quantizer ends, all of them do, and there."""
    first: dict[str, Conv | Add] = {}
    for node in nodes:
        if not isinstance(node, Conv | Add) or node.quantizer is None:
            continue
        if node.most is not None and may_be_negative(node):
            raise UserError(f"network.layers: {node.name} has most = {node.most:g}, the end of a ReLU, and no ReLU, or "
                            "one that leaks")  # fmt: skip
        if node.leak and not node.relu:
            raise UserError(f"network.layers: {node.name} has leak = {node.leak:g}, the slope of a ReLU, and no ReLU")
        other = first.setdefault(node.quantizer, node)
        if other.most != node.most:
            raise UserError(f"network.layers: {other.name} and {node.name} share one quantizer, and differ in `most`")


def _require_different(nodes: Sequence[Node]) -> None:
    """What quantizes the same values alike is one layer: exporters make one of two."""
    same, first = {INPUT: INPUT}, dict[tuple[object, ...], str]()
    for node in nodes:
        values = asdict(node) | {"name": node.name if isinstance(node, Conv) else ""}
        reads = tuple(same[name] for name in node.inputs)
        key = (type(node), reads, *(value for name, value in values.items() if name not in ("input", "inputs")))
        same[node.name] = first.setdefault(key, node.name)
        if values.get("quantizer") and same[node.name] != node.name:
            raise UserError(f"network.layers: {node.name} is what {same[node.name]} is, of the same values with the "
                            f"same quantizer: leave it out, and read {same[node.name]} in its place")  # fmt: skip


def _require_shared(network: Network) -> None:
    given: dict[str, frozenset[str]] = {INPUT: frozenset()}
    for node in network.nodes:
        before = [given[name] for name in node.inputs]
        joined = frozenset[str]().union(*before)
        if isinstance(node, Add | Concat) and (len(joined) != 1 or not all(before)):
            raise UserError(f"network.layers: {node.name} joins {' and '.join(node.inputs)}, which must share one "
                            "quantizer")  # fmt: skip
        if isinstance(node, PixelShuffle) and not joined and node.input != INPUT:
            raise UserError(f"network.layers: {node.name} makes pixels of {node.input}, whose channels have no step in "
                            "common: give what it comes from a quantizer")  # fmt: skip
        quantizer = network.quantizers.get(node.name)
        own_step = isinstance(node, Conv | AvgPool | GlobalAvgPool)
        given[node.name] = frozenset([quantizer]) if quantizer else frozenset() if own_step else joined
