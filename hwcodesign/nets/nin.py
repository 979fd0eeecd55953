"""Network-in-Network (M. Lin et al., Network in network, 2014), with the dimensions of the dissertation's table 4.1.

Four groups of one spatial convolution and two 1x1 convolutions, with max pools between them and a global average pool
at the end. Dropout changes training only and is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hwcodesign.dataflow import Shape
from hwcodesign.nets import family
from hwcodesign.nets.network import INPUT, Conv, Count, GlobalAvgPool, MaxPool, Network, Node, Padding

Quadruple = tuple[Count, Count, Count, Count]


@family("nin", title="NiN", image=(227, 227, 3))
@dataclass(frozen=True)
class NiN:
    """The defaults give table 4.1: 7,595,176 parameters for 1000 classes.

    `filters` and `kernels` are those of the four groups; `ceil` makes the max pools round up (equation 4.2 and Caffe).
    Convolutions round down: so do the printed totals of tables 4.3 to 4.8.
    """

    filters: Quadruple = (96, 256, 384, 1024)
    kernels: Quadruple = (11, 5, 3, 3)
    conv1_stride: Count = 4
    conv1_pad: Padding = 0
    ceil: bool = True

    def describe(self, input_shape: Shape, classes: int) -> Network:
        """The network for images of `input_shape`; its shapes raise UserError if a kernel is larger than its input."""
        return Network("nin", input_shape, classes, tuple(self._nodes(classes)))

    def _nodes(self, classes: int) -> Iterator[Node]:
        source = INPUT
        for first, filters, kernel in zip((1, 4, 7, 10), self.filters, self.kernels, strict=True):
            stride, pad = (self.conv1_stride, self.conv1_pad) if first == 1 else (1, kernel // 2)
            last = classes if first == 10 else filters
            names = [f"conv{first + i}" for i in range(3)]
            yield Conv(names[0], source, filters, kernel, stride, pad, quantizer=f"{names[0]}.quantizer")
            yield Conv(names[1], names[0], filters, quantizer=f"{names[1]}.quantizer")
            yield Conv(names[2], names[1], last, quantizer=f"{names[2]}.quantizer")
            source = names[2]
            if first != 10:
                source = f"pool{first + 2}"
                yield MaxPool(source, names[2], 3, 2, ceil=self.ceil)
        yield GlobalAvgPool("pool12", source)
