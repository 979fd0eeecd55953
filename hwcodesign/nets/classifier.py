"""Fully connected layers behind a convolutional network: convolutions whose kernel covers their whole input."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from hwcodesign.core.windows import Sides, both, one
from hwcodesign.dataflow import Shape
from hwcodesign.nets.network import Conv, Network, Node


def fully_connected(input_shape: Shape, nodes: Sequence[Node], neurons: Mapping[str, int]) -> tuple[Conv, ...]:
    """Fully connected layers, by name and number of neurons, behind the last of `nodes`.

    All but the last have ReLU and a quantizer.
    """
    kernel = covering_kernel(Network("", input_shape, 0, tuple(nodes)).shapes[nodes[-1].name])
    source = nodes[-1].name
    layers: list[Conv] = []
    for name, count in neurons.items():
        scores = len(layers) == len(neurons) - 1
        layers.append(Conv(name, source, count, kernel, quantizer=None if scores else f"{name}.quantizer"))
        source, kernel = name, 1
    return tuple(layers)


def covering_kernel(shape: Shape) -> Sides:
    """The sides of the kernel that covers a whole input of `shape`."""
    return one(shape[:2])


def refitted(before: Network, after: Network, but: Collection[str] = ()) -> Network:
    """`after`, in which the layers that covered their whole input in `before` cover it again, except those in `but`.

    Raises UserError if another layer does not fit its input.
    """
    covering = {conv.name for conv in before.convolutions if _covers(before, conv)} - set(but)
    nodes: tuple[Node, ...] = ()
    for node in after.nodes:
        if isinstance(node, Conv) and node.name in covering:
            shape = replace(after, nodes=nodes).shapes[node.input]
            nodes += (replace(node, kernel=covering_kernel(shape)),)
        else:
            nodes += (node,)
    result = replace(after, nodes=nodes)
    assert result.shapes
    return result


def _covers(network: Network, conv: Conv) -> bool:
    return network.shapes[conv.input][:2] == both(conv.kernel) and conv.pad == 0
