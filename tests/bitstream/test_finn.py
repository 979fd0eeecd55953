"""What is handed to FINN is what FINN takes: its own code reads it, applies it, and computes the same scores."""

import enum
import json
import sys
import types
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwcodesign.bitstream import finn
from hwcodesign.bitstream.finn import BUILD, FIFOS, FOLDING, MODEL, Handed, write_finn_build
from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Dataflow
from hwcodesign.fpga.board import load_board
from hwcodesign.graph import interpreter
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.lower import lower
from hwcodesign.lower.environment import finn_environment
from hwcodesign.plan import Plan, plan
from tests.graphs import tiny_squeezenet
from tests.loaded import all_loaded

PYNQ = load_board("pynq-z1")


@pytest.fixture(scope="module")
def lowered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network with a fork, a concat, a bypass and pools, from QONNX."""
    from torch import Tensor, nn

    from tests.lower import small

    def fire(x: Tensor, squeeze: nn.Module, narrow: nn.Module, wide: nn.Module, shared: nn.Module) -> Tensor:
        import torch

        x = squeeze(x)
        return torch.cat([shared(narrow(x)), shared(wide(x))], dim=1)

    def network() -> nn.Module:
        squeeze = nn.Sequential(small.conv(4, 2, 1), small.relu())
        parts = (squeeze, small.conv(2, 4, 1), small.conv(2, 4, 3, padding=1), small.relu())
        head = (small.conv(8, 5, 1), small.relu(), *small.average())
        return nn.Sequential(small.conv(2, 4, 3), small.relu(), nn.MaxPool2d(2), small.Does(fire, *parts), *head)

    folder = tmp_path_factory.mktemp("lower")
    small.export(network, folder / "model.onnx")
    lower(folder / "model.onnx", folder)
    return folder


@pytest.fixture
def solver(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of a solver that FINN's builder imports at its top and needs for several FPGAs only."""
    emphasis = enum.Enum("SearchEmphasis", ["DEFAULT", "FEASIBILITY", "OPTIMALITY"])
    names = types.SimpleNamespace(CBC="CBC", GUROBI="GRB", HIGHS="HiGHS", SearchEmphasis=emphasis)
    monkeypatch.setitem(sys.modules, "mip", names)


@pytest.fixture(scope="module")
def made(lowered: Path) -> Plan:
    return plan(Dataflow.load(lowered), PYNQ, frame_rate=200_000)


@pytest.fixture(scope="module")
def handed(lowered: Path, made: Plan, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Handed]:
    folder = tmp_path_factory.mktemp("finn")
    return folder, write_finn_build(lowered, made, PYNQ, folder)


def test_finn_loads_the_weights_that_we_load() -> None:
    """FINN's own rule for UltraRAM (matrixvectoractivation.py): runtime_writeable_weights must be 1."""
    made = all_loaded(tiny_squeezenet(), "zcu104", 30_000)
    layer = made.design.by_name["fire2.expand3x3"]
    found = kind_of(layer.kind).finn_attributes(layer, made.foldings[layer.name], made.storage[layer.name])
    assert (found["ram_style"], found["runtime_writeable_weights"]) == ("ultra", 1)


def test_finn_computes_the_same_scores_with_it(handed: tuple[Path, Handed], made: Plan) -> None:
    with finn_environment():
        from qonnx.core.modelwrapper import ModelWrapper
        from qonnx.core.onnx_exec import execute_onnx

        model = ModelWrapper(str(handed[0] / MODEL))
        frames = np.random.default_rng(3).integers(0, 256, (3, *made.design.input.shape))
        for frame, result in zip(frames, interpreter.run(made.design, frames), strict=True):
            tensors = {model.graph.input[0].name: frame[None].astype(np.float32)}
            found = execute_onnx(model, tensors, return_full_exec_context=True)
            assert np.array_equal(found[model.graph.node[-1].input[0]].ravel(), result[:-1])


def test_finns_first_steps_take_the_configuration(
    handed: tuple[Path, Handed], made: Plan, solver: None, tmp_path: Path
) -> None:
    """As FINN's build does them: partition, specialize, fold; then width converters, FIFOs and their depths."""
    folder, _ = handed
    with finn_environment():
        from finn.transformation.fpgadataflow.create_dataflow_partition import CreateDataflowPartition
        from finn.transformation.fpgadataflow.insert_dwc import InsertDWC
        from finn.transformation.fpgadataflow.insert_fifo import InsertFIFO
        from finn.transformation.fpgadataflow.set_fifo_depths import ApplyFIFODepthsFromFile
        from finn.transformation.general import ApplyConfig
        from qonnx.core.modelwrapper import ModelWrapper
        from qonnx.custom_op.registry import getCustomOp

        parent = ModelWrapper(str(folder / MODEL)).transform(CreateDataflowPartition(str(tmp_path)))
        (partition,) = parent.get_nodes_by_op_type("StreamingDataflowPartition")
        model = ModelWrapper(getCustomOp(partition).get_nodeattr("model"))
        model = finn.specialized(model, PYNQ.part)
        for node in model.graph.node:  # as if they had not been folded before
            for key in {"PE", "SIMD"} & set(getCustomOp(node).get_nodeattr_types()):
                getCustomOp(node).set_nodeattr(key, 1)
        model = model.transform(ApplyConfig(folder / FOLDING))
        lanes = {node.doc_string: getCustomOp(node) for node in model.graph.node}
        for layer in made.design.layers:
            if layer.kind == "mvau":
                found = [lanes[layer.name].get_nodeattr(key) for key in ("PE", "SIMD")]
                assert Folding(*found) == made.foldings[layer.name]
        assert max(operator.get_exp_cycles() for operator in lanes.values()) == handed[1].cycles_per_frame
        model = model.transform(InsertDWC()).transform(InsertFIFO(create_shallow_fifos=True))
        model = finn.specialized(model, PYNQ.part).transform(ApplyFIFODepthsFromFile(folder / FIFOS))
        rooms = dict(fifo_rooms(model))
    planned = {name: depth * made.foldings[name].pe for name, depth in made.fifo_depths.items()}
    assert len(planned) > 10
    assert all(rooms[name] >= elements for name, elements in planned.items())


def fifo_rooms(model: Any) -> Iterator[tuple[str, int]]:
    """For every stream between two layers, by the name of its planned FIFO: elements that fit into FINN's largest."""
    from qonnx.custom_op.registry import getCustomOp

    for node in model.graph.node:
        for tensor in node.output if node.doc_string else ():
            (reader,), room = model.find_consumers(tensor) or [None], 0
            while reader is not None and not reader.doc_string:
                if reader.op_type == "StreamingFIFO_rtl":
                    operator = getCustomOp(reader)
                    room = max(room, operator.get_nodeattr("depth") * operator.get_folded_output_shape()[-1])
                (reader,) = model.find_consumers(reader.output[0]) or [None]
            if reader is not None:
                yield f"{node.doc_string}.to.{reader.doc_string}.fifo", room


def test_the_frame_rate_is_about_ours_in_finns_own_estimate(handed: tuple[Path, Handed], made: Plan) -> None:
    assert handed[1].board == "Pynq-Z1"
    assert made.cycles_per_frame <= handed[1].cycles_per_frame <= 1.3 * made.cycles_per_frame


def test_finns_own_class_reads_the_build_configuration(
    handed: tuple[Path, Handed], solver: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(handed[0])
    with finn_environment():
        from finn.builder.build_dataflow_config import DataflowBuildConfig, default_build_dataflow_steps

        config = DataflowBuildConfig.construct_from(handed[0] / BUILD)
        assert config.board == "Pynq-Z1"
        assert config.synth_clk_period_ns == 10
        assert config._resolve_fpga_part() == PYNQ.part
        assert config.folding_config_file == handed[0] / FOLDING
        assert config.fifo_config_file is not None
        assert config.fifo_config_file.exists()
        assert [step for step in default_build_dataflow_steps if step in config.steps] == config.steps


@pytest.mark.parametrize(
    ("board", "name"),
    [("pynq-z1", "Pynq-Z1"), ("zcu104", "ZCU104"), ("kv260", "KV260_SOM"), ("ulx3s-85f", "")],
)
def test_boards_have_finns_names(board: str, name: str) -> None:
    with finn_environment():
        assert finn.finn_board(load_board(board)) == name


def test_a_board_without_a_shell_gets_an_ip(lowered: Path, made: Plan, tmp_path: Path) -> None:
    unknown = PYNQ.model_copy(update={"name": "my-board"})
    assert write_finn_build(lowered, made, unknown, tmp_path).board == ""
    config = json.loads((tmp_path / BUILD).read_text())
    assert "bitfile" not in config["generate_outputs"]
    assert "board" not in config
    assert config["steps"][-1] == "step_create_stitched_ip"


def test_a_board_of_another_vendor_is_refused(lowered: Path, made: Plan, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"ulx3s-85f has the part .*; FINN builds for AMD parts only"):
        write_finn_build(lowered, made, load_board("ulx3s-85f"), tmp_path)


def test_a_folding_that_finn_refuses_names_the_layer(lowered: Path, made: Plan, tmp_path: Path) -> None:
    name = next(layer.name for layer in made.design.layers if layer.kind == "padding")
    wrong = replace(made, foldings={**made.foldings, name: Folding(7)})
    with pytest.raises(UserError, match=rf"{name}: FINN refuses the folding \{{'SIMD': 7\}}"):
        write_finn_build(lowered, wrong, PYNQ, tmp_path)


def test_a_graph_of_an_earlier_version_is_refused(lowered: Path, made: Plan, tmp_path: Path) -> None:
    with finn_environment():
        from qonnx.core.modelwrapper import ModelWrapper

        model = ModelWrapper(str(lowered / "lowered.onnx"))
        for node in model.graph.node:
            node.doc_string = ""
        model.save(str(tmp_path / "lowered.onnx"))
    with pytest.raises(UserError, match="earlier version: run again with --from lower"):
        write_finn_build(tmp_path, made, PYNQ, tmp_path)


def test_the_stage_says_what_there_is(lowered: Path, made: Plan, tmp_path: Path) -> None:
    summary = finn.hand_over(lowered, made, PYNQ, tmp_path)
    assert summary["state"] == finn.next_step()
    assert summary["finn"]["board"] == "Pynq-Z1"
    assert sorted(path.name for path in (tmp_path / "finn").iterdir()) == sorted([BUILD, FIFOS, FOLDING, MODEL])


def test_what_to_run_and_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "not on the PATH here: vivado, vitis_hls, finn" in finn.next_step()
    for program in ("vivado", "vitis_hls", "finn"):
        (tmp_path / program).write_text("#!/bin/sh\n")
        (tmp_path / program).chmod(0o755)
    assert "not on the PATH" not in finn.next_step()
    assert f"`finn build {BUILD} {MODEL}` in the folder finn" in finn.next_step()
