"""Walks over an ONNX graph and the graphs inside its nodes, its nodes changed, the one message of a file's faults."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hwcodesign.core.errors import UserError

_SHOWN = 8  # faults in one message


def every_node(graph: Any) -> Iterator[Any]:
    """The nodes of a graph, and those of the graphs inside its nodes (If, Loop, Scan)."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield from every_node(inner)


def every_tensor(graph: Any) -> Iterator[Any]:
    """The constant tensors of a graph, in initializers and attributes, also in the graphs inside."""
    yield from _initializers(graph)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (*([attribute.t] if attribute.HasField("t") else []), *attribute.tensors)
            sparse = [attribute.sparse_tensor] if attribute.HasField("sparse_tensor") else []
            for tensor in (*sparse, *attribute.sparse_tensors):
                yield from (tensor.values, tensor.indices)
            for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield from every_tensor(inner)


def without_attributes(node: Any, *names: str) -> Any:
    """A copy of `node` that lacks the attributes of these names."""
    found = type(node)()
    found.CopyFrom(node)
    del found.attribute[:]
    found.attribute.extend(attribute for attribute in node.attribute if attribute.name not in names)
    return found


def raise_faults(path: Path, faults: Iterable[str]) -> None:
    """Raise one UserError that lists the `faults` of the file `path`, if there are any."""
    found = list(dict.fromkeys(faults))
    if found:
        more = [f"  ... and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        raise UserError("\n".join([f"{path} cannot be used:", *(f"  {f}" for f in found[:_SHOWN]), *more]))


def _initializers(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
