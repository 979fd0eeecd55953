"""Every stage's graph is tied to the one before: whatever of a graph changes, its digest does."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwcodesign.core.errors import VerificationError
from hwcodesign.core.run_folder import RunFolder, Stage, Summary
from hwcodesign.dataflow import Dataflow
from hwcodesign.fpga.board import load_board
from hwcodesign.plan import plan
from hwcodesign.verify.chain import GRAPH, SOURCE, graph_digest, require_chain
from tests.graphs import tiny_squeezenet


def changed(graph: Dataflow, layer: str, **changes: object) -> Dataflow:
    return replace(graph, layers=tuple(replace(x, **changes) if x.name == layer else x for x in graph.layers))  # type: ignore[arg-type]


def test_whatever_changes_changes_the_digest() -> None:
    graph = tiny_squeezenet()
    first = graph.layers[1]
    weights = {**graph.by_name["conv1"].tensors}
    weights["weights"] = weights["weights"] ^ 1
    others = [
        replace(graph, contract={"input_scale": 2.0}),
        replace(graph, edges=graph.edges[:-1]),
        changed(graph, first.name, attributes={**first.attributes, "more": 1}),
        changed(graph, first.name, kind="other"),
        changed(graph, "conv1", tensors=weights),
    ]
    assert len({graph_digest(g) for g in (graph, *others)}) == 1 + len(others)
    assert graph_digest(graph) == graph_digest(tiny_squeezenet())


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """As the stages leave it."""
    found, graph = RunFolder(tmp_path / "run"), tiny_squeezenet()
    made = plan(graph, load_board("ulx3s-85f"), frame_rate=10_000)

    def write(dataflow: Dataflow, summary: Summary) -> Callable[[Path], Summary]:
        def work(folder: Path) -> Summary:
            dataflow.save(folder)
            return summary

        return work

    lowered, design = graph_digest(graph), graph_digest(made.design)
    found.execute(Stage("lower", (), None, write(graph, {GRAPH: lowered})))
    found.execute(Stage("plan", (), None, write(made.design, {SOURCE: lowered, GRAPH: design})))
    found.execute(Stage("emit", (), None, lambda folder: {SOURCE: design}))
    return found


def test_what_the_stages_left_is_a_chain(run: RunFolder) -> None:
    require_chain(run)


def test_a_changed_tensor_is_named_with_its_layer(run: RunFolder) -> None:
    design = Dataflow.load(run.stage("plan"))
    design.by_name["fire2.squeeze"].tensors["weights"][0, 0] ^= 1
    design.save(run.stage("plan"))
    with pytest.raises(VerificationError, match=r"dataflow\.npz: layer fire2\.squeeze has other weights"):
        require_chain(run)


@pytest.mark.parametrize(("folder", "message"), [("lower", "the stage lower wrote"), ("plan", "the stage plan wrote")])
def test_a_changed_document_is_found(run: RunFolder, folder: str, message: str) -> None:
    path = run.stage(folder) / "dataflow.json"
    path.write_text(path.read_text().replace('"kernel"', '"kernels"'))
    with pytest.raises(VerificationError, match=message):
        require_chain(run)


def test_rtl_of_another_plan_is_found(run: RunFolder) -> None:
    run.execute(Stage("emit", (), None, lambda folder: {SOURCE: "of another"}))
    with pytest.raises(VerificationError, match="the stage emit read another graph"):
        require_chain(run)


def test_tensors_are_compared_as_values(run: RunFolder) -> None:
    """An array that was saved in another integer type is the same array."""
    graph = Dataflow.load(run.stage("lower"))
    tensors = {name: value.astype(np.int16) for name, value in graph.by_name["conv1"].tensors.items()}
    assert graph_digest(changed(graph, "conv1", tensors=tensors)) == graph_digest(graph)
