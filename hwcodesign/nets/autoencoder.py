"""The dense autoencoder of MLPerf Tiny's anomaly detection (C. Banbury et al., MLPerf Tiny benchmark, 2021).

It is trained to give its input back through a few units; how badly it does tells what it has not seen in training.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hwcodesign.core.windows import Sides
from hwcodesign.dataflow import Shape
from hwcodesign.nets import family
from hwcodesign.nets.classifier import covering_kernel
from hwcodesign.nets.network import INPUT, Conv, Count, Network, Node


@family("autoencoder", title="Autoencoder", image=(1, 1, 640), classes=640, shrunk_by="units")
@dataclass(frozen=True)
class Autoencoder:
    """The defaults, for 640 numbers, give 265,864 parameters, batch norms folded.

    Four layers of 128 units, one of 8, four of 128, 640 outputs.

    The network's classes are the numbers that it gives back.
    """

    units: Count = 128
    layers: Count = 4
    bottleneck: Count = 8

    def describe(self, input_shape: Shape, classes: int) -> Network:
        """The network."""
        return Network("autoencoder", input_shape, classes, tuple(self._nodes(covering_kernel(input_shape), classes)))

    def _nodes(self, kernel: Sides, outputs: int) -> Iterator[Node]:
        names = [*(f"encoder{i + 1}" for i in range(self.layers)), "bottleneck",
                 *(f"decoder{i + 1}" for i in range(self.layers))]  # fmt: skip
        source = INPUT
        for name in names:
            units = self.bottleneck if name == "bottleneck" else self.units
            yield Conv(name, source, units, kernel, quantizer=f"{name}.quantizer")
            source, kernel = name, 1
        yield Conv("reconstruction", source, outputs)
