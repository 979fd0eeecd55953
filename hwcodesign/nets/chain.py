"""A plain chain of layers: a small convolutional network, or (dense layers alone) a multi-layer perceptron.

    [network]
    family = "chain"
    layers = [
        { layer = "conv", filters = 16, kernel = 3, pad = 1 },
        { layer = "pool", kernel = 2 },
        { layer = "dense", units = 32 },
    ]

A kernel, stride, pad or dilation that is not the same along both sides is written as two numbers, [height, width].

Layers are called by what they are and where they stand: conv1, pool2, dense3. A dense layer of one score per class,
called scores, ends every chain.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from hwcodesign.core.strict_toml import StrictModel
from hwcodesign.dataflow import Shape
from hwcodesign.nets import family
from hwcodesign.nets.classifier import covering_kernel
from hwcodesign.nets.network import INPUT, AvgPool, Conv, Count, Counts, MaxPool, Network, Node, Paddings


class ConvLayer(StrictModel):
    """Convolution, batch norm, ReLU and quantizer."""

    layer: Literal["conv"]
    filters: Count
    kernel: Counts = 3
    stride: Counts = 1
    pad: Paddings = 0
    dilation: Counts = 1


class PoolLayer(StrictModel):
    """Maximum over windows, or their mean; the stride is the kernel's size unless it is given."""

    layer: Literal["pool"]
    kernel: Counts = 2
    stride: Counts | None = None
    mean: bool = False


class DenseLayer(StrictModel):
    """Every unit sees everything: a convolution whose kernel covers the whole feature map."""

    layer: Literal["dense"]
    units: Count


AnyLayer = Annotated[ConvLayer | PoolLayer | DenseLayer, Field(discriminator="layer")]


@family("chain")
@dataclass(frozen=True)
class Chain:
    """The layers, first to last; with none the network is one dense layer on the pixels."""

    layers: tuple[AnyLayer, ...] = ()

    def describe(self, input_shape: Shape, classes: int) -> Network:
        """The network for images of `input_shape` (height, width, channels).

        Raises UserError naming the layer whose kernel is larger than its input.
        """
        nodes: list[Node] = []
        for number, layer in enumerate(self.layers, 1):
            name = f"{layer.layer}{number}"
            nodes += _nodes(layer, name, f"{name}.quantizer", Network("chain", input_shape, classes, tuple(nodes)))
        nodes += _nodes(DenseLayer(layer="dense", units=classes), "scores", None,
                        Network("chain", input_shape, classes, tuple(nodes)))  # fmt: skip
        return Network("chain", input_shape, classes, tuple(nodes))


def _nodes(layer: AnyLayer, name: str, quantizer: str | None, so_far: Network) -> Iterator[Node]:
    source = so_far.nodes[-1].name if so_far.nodes else INPUT
    match layer:
        case ConvLayer():
            yield Conv(name, source, layer.filters, layer.kernel, layer.stride, layer.pad, quantizer=quantizer,
                       dilation=layer.dilation)  # fmt: skip
        case PoolLayer():
            pool = AvgPool if layer.mean else MaxPool
            yield pool(name, source, layer.kernel, layer.stride or layer.kernel)
        case DenseLayer():
            kernel = covering_kernel(so_far.shapes[source])
            yield Conv(name, source, layer.units, kernel, quantizer=quantizer)
