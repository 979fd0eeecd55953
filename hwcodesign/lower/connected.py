"""Is a file's graph one graph, and acyclic? Asked before anything is worked out, of nodes and tensors alone."""

from collections.abc import Iterable
from pathlib import Path

from onnx import GraphProto, NodeProto

from hwcodesign.core.errors import UserError
from hwcodesign.core.layer_name import layer_name

MOST_NAMED = 6


def require_one_way(graph: GraphProto, path: Path) -> None:
    """Raise UserError if layers feed each other in a circle, or read what nothing makes; it names them."""
    known = {"", *(tensor.name for tensor in (*graph.input, *graph.initializer))}
    waiting = list(graph.node)
    while ready := [node for node in waiting if known.issuperset(node.input)]:
        known |= {name for node in ready for name in node.output}
        waiting = [node for node in waiting if not known.issuperset(node.output)]
    if not waiting:
        return
    makers = {name: node for node in waiting for name in node.output}
    for node in waiting:
        for name in node.input:
            if name not in known and name not in makers:
                raise UserError(f"{path}: {layer_name(node)} reads the tensor {name!r}, which nothing makes")
    circle = " -> ".join(layer_name(node) for node in _circle(waiting[0], makers, known))
    raise UserError(
        f"{path}: these layers feed each other in a circle: {circle}; data may only flow from the input to the output, "
        "so unroll a recurrent network, or take the feedback out"
    )


def _circle(node: NodeProto, makers: dict[str, NodeProto], known: set[str]) -> list[NodeProto]:
    """Upstream from a node that waits, until one comes again: from there round to it, in the order of the data."""
    passed: list[NodeProto] = []
    while node not in passed:
        passed.append(node)
        node = makers[next(name for name in node.input if name not in known)]
    return [node, *reversed(passed[passed.index(node) :])]


def require_one_part(graph: GraphProto, source: str, output: str, path: Path) -> None:
    """Raise UserError if `output` hangs together with other layers than the input `source`; it names both parts.

    Constants that nothing reads are no part: they fall away.
    """
    ends = {source, output}
    constants = {tensor.name for tensor in graph.initializer}
    parts: list[tuple[set[str], list[NodeProto]]] = []
    for node in graph.node:
        tensors, nodes = {*node.input, *node.output} - constants - {""}, [node]
        for joined in [part for part in parts if part[0] & tensors]:
            tensors, nodes = tensors | joined[0], joined[1] + nodes
            parts.remove(joined)
        parts.append((tensors, nodes))
    if not any(ends <= tensors for tensors, _ in parts):
        apart = [nodes for tensors, nodes in parts if ends & tensors]
        named = "; ".join(f"({i}) {_names(nodes)}" for i, nodes in enumerate(apart, start=1))
        raise UserError(
            f"{path}: no tensor connects the input's part of the graph with the output's: {named}; the layers must "
            "lie on ways from the input to the output"
        )


def _names(nodes: Iterable[NodeProto]) -> str:
    names = list(dict.fromkeys(layer_name(node) for node in nodes))
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
