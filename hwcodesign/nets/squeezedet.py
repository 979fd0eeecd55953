"""SqueezeDet (B. Wu, F. Iandola et al., SqueezeDet: unified, small, low power fully convolutional networks, 2017).

SqueezeNet's trunk, and a convolution that says of every pixel of its last map, and of every anchor there, how sure it
is of each class, how well a box fits, and how the anchor is moved and stretched to be that box: a map of scores, which
the host decodes (core/boxes.py).
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from hwcodesign.core.boxes import BOX_NUMBERS
from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Shape
from hwcodesign.nets import family
from hwcodesign.nets.network import INPUT, Concat, Conv, Count, MaxPool, Network, Node


@family("squeezedet", title="SqueezeDet", image=(384, 1248, 3), classes=3, shrunk_by="squeeze")
@dataclass(frozen=True)
class SqueezeDet:
    """The defaults are SqueezeDet for KITTI, with 9 anchors a pixel: 24 x 78 pixels of 72 scores, 2,082,120 parameters.

    `squeeze` are the filters of the Fire modules' first layers, `expand` those of each half of the others; a max pool
    that halves the map stands behind the layers in `pool_after`. The paper's pools see 3x3 pixels with a border, these
    2x2.
    """

    anchors: Count = 9
    conv1_filters: Count = 64
    conv1_stride: Count = 2
    squeeze: tuple[Count, ...] = (16, 16, 32, 32, 48, 48, 64, 64, 96, 96)
    expand: tuple[Count, ...] = (64, 64, 128, 128, 192, 192, 256, 256, 384, 384)
    pool_after: tuple[str, ...] = ("conv1", "fire3", "fire5")

    def describe(self, input_shape: Shape, classes: int) -> Network:
        """The network. Raises UserError unless each Fire module has both numbers, or if a pool finds no window."""
        if len(self.squeeze) != len(self.expand):
            raise UserError(
                f"squeeze and expand must have one number for each Fire module: {self.squeeze} and {self.expand}"
            )
        network = Network("squeezedet", input_shape, classes, tuple(self._nodes(classes)))
        assert network.shapes
        return network

    def _nodes(self, classes: int) -> Iterator[Node]:
        yield Conv("conv1", INPUT, self.conv1_filters, 3, self.conv1_stride, 1, quantizer="conv1.quantizer")
        source = yield from self._pool("conv1", "conv1")
        for number, (squeeze, expand) in enumerate(zip(self.squeeze, self.expand, strict=True), start=2):
            name = f"fire{number}"
            narrow, shared = f"{name}.squeeze", f"{name}.quantizer"
            yield Conv(narrow, source, squeeze, quantizer=f"{narrow}.quantizer")
            yield Conv(f"{name}.expand1x1", narrow, expand, quantizer=shared)
            yield Conv(f"{name}.expand3x3", narrow, expand, 3, 1, 1, quantizer=shared)
            yield Concat(f"{name}.concat", (f"{name}.expand1x1", f"{name}.expand3x3"))
            source = yield from self._pool(name, f"{name}.concat")
        yield Conv("convdet", source, self.anchors * (classes + BOX_NUMBERS), 3, 1, 1)

    def _pool(self, after: str, source: str) -> Generator[Node, None, str]:
        if after not in self.pool_after:
            return source
        name = f"pool{after.removeprefix('conv').removeprefix('fire')}"
        yield MaxPool(name, source, 2, 2)
        return name
