"""Which weights may be loaded after a reset."""

from hwcodesign.kinds import Folding, kind_of
from hwcodesign.plan.loading import loadable
from tests.graphs import tiny_squeezenet


def test_weights_of_kernels_that_can_load_may_be_loaded_and_nothing_else_changes() -> None:
    graph = tiny_squeezenet()
    freed = loadable(graph)
    for before, after in zip(graph.layers, freed.layers, strict=True):
        memories = {memory.name: memory for memory in kind_of(after.kind).memories(after, Folding())}
        can_load = bool(kind_of(after.kind).loading_cells)
        assert can_load == (before.attributes != after.attributes) == any(m.loadable for m in memories.values())
        assert all(memory.name == "weights" for memory in memories.values() if memory.loadable)
        assert (before.name, before.inputs, before.tensors) == (after.name, after.inputs, after.tensors)
    assert freed.edges == graph.edges
