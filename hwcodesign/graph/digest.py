"""What tells a graph from every other, in a few letters."""

import hashlib

import numpy as np

from hwcodesign.dataflow import Dataflow

GRAPH = "graph_sha256"  # in a stage's summary: of the graph that it wrote
SOURCE = "source_sha256"  # there: of the graph that it read


def graph_digest(graph: Dataflow) -> str:
    """SHA-256 of everything that a graph says: layers, edges, contract and every tensor."""
    total = hashlib.sha256(repr((sorted(graph.contract.items()), graph.score_map, sorted(graph.edges))).encode())
    for layer in graph.layers:
        total.update(
            repr((layer.name, layer.kind, layer.inputs, layer.outputs, sorted(layer.attributes.items()))).encode()
        )
        for name, tensor in sorted(layer.tensors.items()):
            total.update(f"{name}{tensor.shape}".encode())
            total.update(np.ascontiguousarray(tensor, dtype=np.int64).tobytes())
    return total.hexdigest()
