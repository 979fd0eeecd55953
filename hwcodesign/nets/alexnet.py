"""AlexNet (A. Krizhevsky et al., ImageNet classification with deep convolutional neural networks, 2012, section 3).

For analysis: no supported hardware layer computes its local response normalisation.
"""

from dataclasses import dataclass
from typing import Literal

from hwcodesign.dataflow import Shape
from hwcodesign.nets import family
from hwcodesign.nets.classifier import fully_connected
from hwcodesign.nets.network import INPUT, Conv, LocalResponseNorm, MaxPool, Network


@family("alexnet", title="AlexNet", image=(227, 227, 3))
@dataclass(frozen=True)
class AlexNet:
    """The defaults give 60,965,224 parameters for 1000 classes; without groups it has 62,378,344.

    `groups = 2` is the paper's: half of conv2, conv4 and conv5 lay on each of two GPUs.
    """

    groups: Literal[1, 2] = 2

    def describe(self, input_shape: Shape, classes: int) -> Network:
        """The network; pools round up, as in Caffe. Raises UserError if a kernel is larger than its input."""
        nodes = (
            Conv("conv1", INPUT, 96, kernel=11, stride=4, quantizer="conv1.quantizer"),
            LocalResponseNorm("norm1", "conv1"),
            MaxPool("pool1", "norm1", 3, 2, ceil=True),
            Conv("conv2", "pool1", 256, kernel=5, pad=2, groups=self.groups, quantizer="conv2.quantizer"),
            LocalResponseNorm("norm2", "conv2"),
            MaxPool("pool2", "norm2", 3, 2, ceil=True),
            Conv("conv3", "pool2", 384, kernel=3, pad=1, quantizer="conv3.quantizer"),
            Conv("conv4", "conv3", 384, kernel=3, pad=1, groups=self.groups, quantizer="conv4.quantizer"),
            Conv("conv5", "conv4", 256, kernel=3, pad=1, groups=self.groups, quantizer="conv5.quantizer"),
            MaxPool("pool5", "conv5", 3, 2, ceil=True),
        )
        head = fully_connected(input_shape, nodes, {"fc6": 4096, "fc7": 4096, "fc8": classes})
        return Network("alexnet", input_shape, classes, nodes + head)
