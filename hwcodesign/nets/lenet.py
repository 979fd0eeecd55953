"""LeNet-5 (Y. LeCun et al., Gradient-based learning applied to document recognition, 1998, figure 2).

With max pooling where the paper has trainable sub-sampling, with every feature map of pool2 connected to every filter
of conv3 (the paper leaves some connections out), and with ReLU.
"""

from dataclasses import dataclass

from hwcodesign.dataflow import Shape
from hwcodesign.nets import family
from hwcodesign.nets.classifier import fully_connected
from hwcodesign.nets.network import INPUT, Conv, Count, MaxPool, Network


@family("lenet", title="LeNet-5", image=(32, 32, 1), classes=10)
@dataclass(frozen=True)
class LeNet:
    """The defaults give LeNet-5 for 32x32 grey pixels: 61,706 parameters. `filters`: conv1, conv3, conv5, fc6."""

    filters: tuple[Count, Count, Count, Count] = (6, 16, 120, 84)
    kernel: Count = 5

    def describe(self, input_shape: Shape, classes: int) -> Network:
        """The network for images of `input_shape`; conv5 covers whatever pool4 leaves. UserError if that is nothing."""
        conv1, conv3, conv5, fc6 = self.filters
        nodes = (
            Conv("conv1", INPUT, conv1, self.kernel, quantizer="conv1.quantizer"),
            MaxPool("pool2", "conv1", 2, 2),
            Conv("conv3", "pool2", conv3, self.kernel, quantizer="conv3.quantizer"),
            MaxPool("pool4", "conv3", 2, 2),
        )
        head = fully_connected(input_shape, nodes, {"conv5": conv5, "fc6": fc6, "fc7": classes})
        return Network("lenet", input_shape, classes, nodes + head)
