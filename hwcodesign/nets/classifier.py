"""Fully connected layers behind a convolutional network: convolutions whose kernel covers their whole input."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Shape
from hwcodesign.nets.network import Conv, Network, Node


def fully_connected(input_shape: Shape, nodes: Sequence[Node], neurons: Mapping[str, int]) -> tuple[Conv, ...]:
    """Fully connected layers, by name and number of neurons, behind the last of `nodes`.

    All but the last have ReLU and a quantizer. Raises UserError if the feature map that the first one covers is not
    square.
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


def refitted(before: Network, after: Network, but: Collection[str] = ()) -> Network:
    """`after`, in which the layers that covered their whole input in `before` cover it again, except those in `but`.

    Raises UserError if such an input is not square any more, or if another layer does not fit its input.
    """
    covering = {conv.name for conv in before.convolutions if _covers(before, conv)} - set(but)
    nodes: tuple[Node, ...] = ()
    for node in after.nodes:
        if isinstance(node, Conv) and node.name in covering:
            shape = replace(after, nodes=nodes).shapes[node.input]
            nodes += (replace(node, kernel=covering_kernel(node.name, shape)),)
        else:
            nodes += (node,)
    result = replace(after, nodes=nodes)
    assert result.shapes
    return result


def _covers(network: Network, conv: Conv) -> bool:
    return network.shapes[conv.input][:2] == (conv.kernel, conv.kernel) and conv.pad == 0
