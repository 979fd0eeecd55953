"""VGG (K. Simonyan, A. Zisserman, Very deep convolutional networks for large-scale image recognition, 2015, table 1).

Blocks of 3x3 convolutions, each block with a 2x2 max pool behind it, then fully connected layers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Shape
from hwcodesign.nets import family
from hwcodesign.nets.classifier import fully_connected
from hwcodesign.nets.network import INPUT, Conv, Count, MaxPool, Network, Node


@family("vgg", title="VGG-19")
@dataclass(frozen=True)
class VGG:
    """The defaults give VGG-19 (configuration E): 143,667,240 parameters for 1000 classes.

    Block i has `convolutions[i]` layers of `filters[i]` filters.
    """

    convolutions: tuple[Count, ...] = (2, 2, 4, 4, 4)
    filters: tuple[Count, ...] = (64, 128, 256, 512, 512)
    fully_connected: tuple[Count, ...] = (4096, 4096)

    def describe(self, input_shape: Shape, classes: int) -> Network:
        """The network. Raises UserError if a pool finds no window left, or the two lists differ in length."""
        if len(self.convolutions) != len(self.filters) or not self.filters:
            raise UserError(
                f"convolutions and filters must have one number for each block, at least one: "
                f"{self.convolutions} and {self.filters}"
            )
        nodes = tuple(self._blocks())
        neurons = {f"fc{6 + i}": count for i, count in enumerate((*self.fully_connected, classes))}
        return Network("vgg", input_shape, classes, nodes + fully_connected(input_shape, nodes, neurons))

    def _blocks(self) -> Iterator[Node]:
        source = INPUT
        for block, (layers, filters) in enumerate(zip(self.convolutions, self.filters, strict=True), start=1):
            for layer in range(1, layers + 1):
                name = f"conv{block}_{layer}"
                yield Conv(name, source, filters, kernel=3, pad=1, quantizer=f"{name}.quantizer")
                source = name
            yield MaxPool(f"pool{block}", source, 2, 2)
            source = f"pool{block}"
