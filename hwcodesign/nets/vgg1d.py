"""VGG for radio signals (T. O'Shea et al., Over-the-air deep learning based radio signal classification, 2018).

Convolutions along time with a max pool behind each, then fully connected layers. A signal is an image of one row: its
width is time, its two channels are the in-phase and the quadrature part.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hwcodesign.dataflow import Shape
from hwcodesign.nets import family
from hwcodesign.nets.classifier import fully_connected
from hwcodesign.nets.network import INPUT, Conv, Count, MaxPool, Network, Node


@family("vgg1d", title="VGG10-1D", image=(1, 1024, 2), classes=24, shrunk_by="filters")
@dataclass(frozen=True)
class Vgg1d:
    """The defaults, for 24 modulations (RadioML 2018.01A), give 159,832 parameters, batch norms folded.

    Seven convolutions of 64 filters and two layers of 128 neurons before the last.
    """

    layers: Count = 7
    filters: Count = 64
    kernel: Count = 3
    fully_connected: tuple[Count, ...] = (128, 128)

    def describe(self, input_shape: Shape, classes: int) -> Network:
        """The network. Raises UserError if a pool finds no window left."""
        nodes = tuple(self._convolutions())
        neurons = {f"fc{i}": count for i, count in enumerate((*self.fully_connected, classes), self.layers + 1)}
        return Network("vgg1d", input_shape, classes, nodes + fully_connected(input_shape, nodes, neurons))

    def _convolutions(self) -> Iterator[Node]:
        source = INPUT
        for number in range(1, self.layers + 1):
            name, pool = f"conv{number}", f"pool{number}"
            yield Conv(name, source, self.filters, (1, self.kernel), 1, (0, self.kernel // 2),
                       quantizer=f"{name}.quantizer")  # fmt: skip
            yield MaxPool(pool, name, (1, 2), (1, 2))
            source = pool
