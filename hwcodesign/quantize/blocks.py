"""A network cut into blocks: where one value alone leads on, so that each can be worked on by itself."""

from collections.abc import Iterator
from dataclasses import dataclass

from hwcodesign.nets.network import INPUT, Conv, GlobalAvgPool, Network, Node


@dataclass(frozen=True)
class Block:
    """Nodes in the order they run. They read `input` and each other; the rest reads the last of them alone."""

    input: str
    nodes: tuple[Node, ...]

    @property
    def name(self) -> str:
        """The module that holds all its layers (fire2), else its first and last layer."""
        names = [node.name for node in self.nodes if isinstance(node, Conv)] or [node.name for node in self.nodes]
        if len(names) == 1:
            return names[0]
        parts = [name.split(".") for name in names]
        common = 0
        while len({tuple(part[: common + 1]) for part in parts}) == 1:
            common += 1
        return ".".join(parts[0][:common]) or f"{names[0]} to {names[-1]}"

    @property
    def output(self) -> str:
        return self.nodes[-1].name

    @property
    def convolutions(self) -> tuple[Conv, ...]:
        return tuple(node for node in self.nodes if isinstance(node, Conv))

    def quantizers(self, network: Network) -> list[str]:
        """The quantizers that its nodes end in, each once."""
        named = (network.quantizers.get(node.name) for node in self.nodes)
        return list(dict.fromkeys(name for name in named if name))


def blocks(network: Network) -> list[Block]:
    """All nodes up to the last convolution and the pools behind it: every block has convolutions.

    A Fire module, or what a bypass goes around, is one; a convolution that a branching follows belongs to it. A pool
    belongs to what is in front of it, the average over a whole map to what is behind it.
    """
    found: list[list[Node]] = []
    waiting: list[Node] = []  # for what comes behind: one convolution, or nodes without any
    for part in _parts(network):
        single, has_weights = len(part) == 1, _has_weights(part)
        if single and _has_weights(waiting):
            found.append(waiting)
            waiting = []
        if has_weights and not single:
            found.append([*waiting, *part])
            waiting = []
        elif has_weights or not found or waiting or isinstance(part[0], GlobalAvgPool):
            waiting = [*waiting, *part]
        else:
            found[-1].extend(part)
    if _has_weights(waiting):
        found.append(waiting)
    inputs = [INPUT, *(nodes[-1].name for nodes in found)]
    return [Block(name, tuple(nodes)) for name, nodes in zip(inputs, found, strict=False)]


def _has_weights(nodes: list[Node]) -> bool:
    return any(isinstance(node, Conv) for node in nodes)


def _parts(network: Network) -> Iterator[list[Node]]:
    """The shortest runs of nodes between values that lead on alone."""
    last_read = {name: number for number, node in enumerate(network.nodes) for name in node.inputs}
    part, furthest = list[Node](), last_read[INPUT]
    for number, node in enumerate(network.nodes):
        part.append(node)
        if furthest <= number:
            yield part
            part = []
        furthest = max(furthest, last_read.get(node.name, number))
