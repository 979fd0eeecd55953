"""GoogLeNet (C. Szegedy et al., Going deeper with convolutions, 2015, table 1 and section 5).

For analysis: no supported hardware layer computes its local response normalisation and its padded pools.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from hwcodesign.dataflow import Shape
from hwcodesign.nets import family
from hwcodesign.nets.classifier import fully_connected
from hwcodesign.nets.network import (
    INPUT,
    AvgPool,
    Concat,
    Conv,
    GlobalAvgPool,
    LocalResponseNorm,
    MaxPool,
    Network,
    Node,
)


class _Inception(NamedTuple):
    """Filters of the branches of an inception module."""

    conv1x1: int
    reduce3x3: int
    conv3x3: int
    reduce5x5: int
    conv5x5: int
    project: int


_MODULES = {
    "3a": _Inception(64, 96, 128, 16, 32, 32),
    "3b": _Inception(128, 128, 192, 32, 96, 64),
    "4a": _Inception(192, 96, 208, 16, 48, 64),
    "4b": _Inception(160, 112, 224, 24, 64, 64),
    "4c": _Inception(128, 128, 256, 24, 64, 64),
    "4d": _Inception(112, 144, 288, 32, 64, 64),
    "4e": _Inception(256, 160, 320, 32, 128, 128),
    "5a": _Inception(256, 160, 320, 32, 128, 128),
    "5b": _Inception(384, 192, 384, 48, 128, 128),
}
_POOL_AFTER = ("3b", "4e")


@family("googlenet", title="GoogLeNet")
@dataclass(frozen=True)
class GoogLeNet:
    """The defaults give 6,998,552 parameters for 1000 classes.

    `auxiliary` adds the two classifiers that are there in training only: 13,378,280 parameters.
    """

    auxiliary: bool = False

    def describe(self, input_shape: Shape, classes: int) -> Network:
        """The network; pools round up, as in Caffe. Raises UserError if a kernel is larger than its input."""
        nodes = tuple(self._nodes())
        if self.auxiliary:
            nodes += _auxiliary("aux1", nodes, "inception4a", input_shape, classes)
            nodes += _auxiliary("aux2", nodes, "inception4d", input_shape, classes)
        tail = (GlobalAvgPool("pool5", "inception5b.concat"), Conv("fc", "pool5", classes))
        return Network("googlenet", input_shape, classes, nodes + tail)

    def _nodes(self) -> Iterator[Node]:
        yield Conv("conv1", INPUT, 64, kernel=7, stride=2, pad=3, quantizer="conv1.quantizer")
        yield MaxPool("pool1", "conv1", 3, 2, ceil=True)
        yield LocalResponseNorm("norm1", "pool1")
        yield Conv("conv2.reduce", "norm1", 64, quantizer="conv2.reduce.quantizer")
        yield Conv("conv2.conv3x3", "conv2.reduce", 192, kernel=3, pad=1, quantizer="conv2.conv3x3.quantizer")
        yield LocalResponseNorm("norm2", "conv2.conv3x3")
        yield MaxPool("pool2", "norm2", 3, 2, ceil=True)
        source = "pool2"
        for name, filters in _MODULES.items():
            yield from _inception(f"inception{name}", source, filters)
            source = f"inception{name}.concat"
            if name in _POOL_AFTER:
                yield MaxPool(f"pool{name[0]}", source, 3, 2, ceil=True)
                source = f"pool{name[0]}"


def _inception(name: str, source: str, filters: _Inception) -> Iterator[Node]:
    shared, branches = f"{name}.quantizer", ("conv1x1", "conv3x3", "conv5x5", "project")
    yield Conv(f"{name}.conv1x1", source, filters.conv1x1, quantizer=shared)
    for kernel, reduce, filters_kxk in (
        (3, filters.reduce3x3, filters.conv3x3),
        (5, filters.reduce5x5, filters.conv5x5),
    ):
        squeezed = f"{name}.reduce{kernel}x{kernel}"
        yield Conv(squeezed, source, reduce, quantizer=f"{squeezed}.quantizer")
        yield Conv(f"{name}.conv{kernel}x{kernel}", squeezed, filters_kxk, kernel, pad=kernel // 2, quantizer=shared)
    yield MaxPool(f"{name}.pool", source, 3, 1, pad=1)
    yield Conv(f"{name}.project", f"{name}.pool", filters.project, quantizer=shared)
    yield Concat(f"{name}.concat", tuple(f"{name}.{branch}" for branch in branches))


def _auxiliary(name: str, before: tuple[Node, ...], module: str, input_shape: Shape, classes: int) -> tuple[Node, ...]:
    """A classifier that hangs on an inception module and gives training a second gradient."""
    nodes = (
        AvgPool(f"{name}.pool", f"{module}.concat", 5, 3),
        Conv(f"{name}.conv", f"{name}.pool", 128, quantizer=f"{name}.conv.quantizer"),
    )
    return nodes + fully_connected(input_shape, before + nodes, {f"{name}.fc1": 1024, f"{name}.fc2": classes})
