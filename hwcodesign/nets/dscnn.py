"""DS-CNN for keyword spotting (Y. Zhang et al., Hello edge, 2017; as MLPerf Tiny has it: C. Banbury et al., 2021).

One convolution of 10x4 over time and frequency, then depthwise separable convolutions, all of as many filters.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hwcodesign.core.windows import Pair
from hwcodesign.dataflow import Shape
from hwcodesign.nets import family
from hwcodesign.nets.network import INPUT, Conv, Count, GlobalAvgPool, Network, Node, Padding


@family("dscnn", title="DS-CNN", image=(49, 10, 1), classes=12, shrunk_by="filters")
@dataclass(frozen=True)
class DsCnn:
    """The defaults, on 49 x 10 features of a second of sound, give 22,604 parameters, batch norms folded.

    `pairs` are the depthwise separable convolutions. The sides of `conv1_kernel` and the like are along time, which is
    the image's height, and along frequency.
    """

    filters: Count = 64
    pairs: Count = 4
    conv1_kernel: tuple[Count, Count] = (10, 4)
    conv1_stride: tuple[Count, Count] = (2, 2)
    conv1_pad: tuple[Padding, Padding] = (5, 1)

    def describe(self, input_shape: Shape, classes: int) -> Network:
        """The network. Raises UserError if the first kernel is larger than the image."""
        network = Network("dscnn", input_shape, classes, tuple(self._nodes(classes)))
        assert network.shapes
        return network

    def _nodes(self, classes: int) -> Iterator[Node]:
        source, filters = "conv1", self.filters
        first: tuple[Pair, Pair, Pair] = (self.conv1_kernel, self.conv1_stride, self.conv1_pad)
        yield Conv("conv1", INPUT, filters, *first, quantizer="conv1.quantizer")
        for number in range(2, self.pairs + 2):
            depthwise, pointwise = f"pair{number}.depthwise", f"pair{number}.pointwise"
            yield Conv(depthwise, source, filters, 3, 1, 1, filters, f"{depthwise}.quantizer")
            yield Conv(pointwise, depthwise, filters, quantizer=f"{pointwise}.quantizer")
            source = pointwise
        yield GlobalAvgPool("global_pool", source)
        yield Conv("fc", "global_pool", classes)
