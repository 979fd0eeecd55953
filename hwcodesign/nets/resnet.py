"""ResNet for small images (K. He et al., Deep residual learning for image recognition, 2016, section 4.2).

Stages of blocks of two 3x3 convolutions, around which the block's input goes and is added; ReLU comes after the sum.
Each stage but the first halves the map and doubles the filters; there a 1x1 convolution takes the input around, as in
MLPerf Tiny's ResNet-8. What goes around unchanged is quantized again, with the quantizer of what it is added to: both
must count in the same steps. That one is signed, so of as many bits it leaves half of the levels above 0; give it one
bit more with `quantization.layers` where that matters.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Shape
from hwcodesign.nets import family
from hwcodesign.nets.network import INPUT, Add, Conv, Count, GlobalAvgPool, Network, Node, Requantize


@family("resnet", title="ResNet-8", image=(32, 32, 3), classes=10, shrunk_by="filters")
@dataclass(frozen=True)
class ResNet:
    """The defaults give ResNet-8: 77,706 parameters for 10 classes, batch norms folded. `blocks` = 3: ResNet-20.

    `filters` are those of each stage, `blocks` the blocks in it.
    """

    filters: tuple[Count, ...] = (16, 32, 64)
    blocks: Count = 1

    def describe(self, input_shape: Shape, classes: int) -> Network:
        """The network. Raises UserError if there is no stage."""
        if not self.filters:
            raise UserError("filters must have one number for each stage, at least one")
        return Network("resnet", input_shape, classes, tuple(self._nodes(classes)))

    def _nodes(self, classes: int) -> Iterator[Node]:
        source = "conv1"
        yield Conv(source, INPUT, self.filters[0], 3, 1, 1, quantizer="conv1.quantizer")
        for stage, filters in enumerate(self.filters, start=1):
            for block in range(1, self.blocks + 1):
                name = f"stage{stage}.block{block}"
                yield from _block(name, source, filters, stride=2 if stage > 1 and block == 1 else 1)
                source = f"{name}.add"
        yield GlobalAvgPool("global_pool", source)
        yield Conv("fc", "global_pool", classes)


def _block(name: str, source: str, filters: int, stride: int) -> Iterator[Node]:
    around, shared = f"{name}.shortcut", f"{name}.quantizer"
    yield Conv(f"{name}.conv1", source, filters, 3, stride, 1, quantizer=f"{name}.conv1.quantizer")
    yield Conv(f"{name}.conv2", f"{name}.conv1", filters, 3, 1, 1, quantizer=shared, relu=False)
    if stride > 1:
        yield Conv(around, source, filters, 1, stride, quantizer=shared, relu=False)
    else:
        yield Requantize(around, source, shared)
    yield Add(f"{name}.add", (f"{name}.conv2", around), f"{name}.add.quantizer")
