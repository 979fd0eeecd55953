"""Fully connected layers behind a convolutional network: convolutions whose kernel covers their whole input."""

from collections.abc import Mapping, Sequence

from hwcodesign.dataflow import Shape
from hwcodesign.errors import UserError
from hwcodesign.nets.network import Conv, Network, Node


def fully_connected(input_shape: Shape, nodes: Sequence[Node], neurons: Mapping[str, int]) -> tuple[Conv, ...]:
    """Fully connected layers, by name and number of neurons, behind the last of `nodes`.

    All but the last have ReLU and a quantizer. Raises UserError if the map that the first one covers is not square.
    """
    kernel = covering_kernel(next(iter(neurons)), Network("", input_shape, 0, tuple(nodes)).shapes[nodes[-1].name])
    source = nodes[-1].name
    layers: list[Conv] = []
    for name, count in neurons.items():
        scores = len(layers) == len(neurons) - 1
        layers.append(Conv(name, source, count, kernel, quantizer=None if scores else f"{name}.quantizer"))
        source, kernel = name, 1
    return tuple(layers)


def covering_kernel(name: str, shape: Shape) -> int:
    """The side of the kernel with which layer `name` covers a whole input of `shape`. UserError if it is not square."""
    if shape[0] != shape[1]:
        raise UserError(f"{name}: a fully connected layer needs a square input, not {shape[0]}x{shape[1]} pixels")
    return shape[0]
