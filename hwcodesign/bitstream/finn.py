"""Hands a planned network to FINN's own build: its hardware graph, with our foldings, memories and FIFO depths.

For users with Vivado and Vitis HLS, which FINN's kernels need. Written against finn-plus 1.6.1. What is written is
checked here as far as that goes without the vendor's tools: FINN applies the configuration, accepts every folding, and
puts its width converters and FIFOs in. The build itself has not been run here.

With `lower` the only module that imports FINN and QONNX.
"""

import json
import math
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.core.onnx_file import load_model
from hwcodesign.core.run_folder import Summary
from hwcodesign.dataflow import Layer
from hwcodesign.fpga.board import Board
from hwcodesign.kinds import kind_of
from hwcodesign.lower.environment import finn_environment
from hwcodesign.plan import Plan

if TYPE_CHECKING:
    from onnx import NodeProto
    from qonnx.core.modelwrapper import ModelWrapper

MODEL, FOLDING, FIFOS, BUILD = "model.onnx", "folding_config.json", "fifo_config.json", "build.json"
HANDED = "finn"
COMMAND = f"finn build {BUILD} {MODEL}"
# FINN's standard steps without those that `lower` has done, and without the one that would fold anew.
_STEPS = (
    "step_create_dataflow_partition",
    "step_specialize_layers",
    "step_apply_folding_config",
    "step_minimize_bit_width",
    "step_generate_estimate_reports",
    "step_generate_hardware",
    "step_create_stitched_ip",
    "step_prepare_synthesis",
    "step_synthesize_bitfile",
    "step_make_driver",
    "step_deployment_package",
)
Attributes = dict[str, Any]


@dataclass(frozen=True)
class Handed:
    """What was handed over: FINN's name of the board ("" if it has none), and its own estimate of the speed."""

    board: str
    layers: int
    cycles_per_frame: int


def hand_over(lowered: Path, made: Plan, board: Board, folder: Path) -> Summary:
    """The bitstream stage with FINN as its back end: see `write_finn_build`. Writes into HANDED in `folder`."""
    (folder / HANDED).mkdir()
    handed = write_finn_build(lowered, made, board, folder / HANDED)
    return {"state": next_step(), "finn": asdict(handed), "planned_cycles_per_frame": made.cycles_per_frame}


def write_finn_build(lowered: Path, made: Plan, board: Board, folder: Path) -> Handed:
    """Write MODEL, FOLDING, FIFOS and BUILD into `folder`, from the folder of `lower` and the plan.

    Raises UserError for a board that is not AMD's, for a graph lowered by an earlier version, and if FINN refuses a
    folding.
    """
    if not board.part.startswith("xc"):
        raise UserError(f"--backend finn: {board.name} has the part {board.part}; FINN builds for AMD parts only")
    with finn_environment():
        from qonnx.core.modelwrapper import ModelWrapper

        model = ModelWrapper(load_model(lowered / "lowered.onnx"))
        _require_names(model, lowered)
        model = _with_exact_thresholds(model, made)
        _fold(model, made)
        model.save(str(folder / MODEL))
        name, hardware = finn_board(board), specialized(model, board.part)
        cycles = _require_legal(hardware)
        _write_json(folder / FOLDING, _folding_config(hardware, made))
        _write_json(folder / FIFOS, _fifo_config(hardware, made, board.part))
        _write_json(folder / BUILD, _build_config(made, board, name))
        return Handed(name, len(model.graph.node), cycles)


def missing_tools() -> list[str]:
    """Which of the programs that FINN's build needs are not on the PATH."""
    return [program for program in ("vivado", "vitis_hls", "finn") if shutil.which(program) is None]


def next_step() -> str:
    """What to run, and what is missing for it here."""
    missing = missing_tools()
    there = f" (not on the PATH here: {', '.join(missing)})" if missing else ""
    return (
        f"written for FINN, not built: run `{COMMAND}` in the folder {HANDED} where finn-plus, Vivado and Vitis HLS "
        f"are installed{there}. FINN sizes its FIFOs by simulation; with auto_fifo_depths = false in {BUILD} it takes "
        "the planned depths, which are proven for our kernels, not for FINN's"
    )


def finn_board(board: Board) -> str:
    """FINN's name of the board, "" for one that it has no shell for. FINN may be imported."""
    from finn.util.basic import pynq_part_map

    def plain(name: str) -> str:
        return re.sub(r"\W|_", "", name).lower()

    names = [name for name, part in pynq_part_map.items() if plain(name).startswith(plain(board.name))]
    return next((name for name in names if pynq_part_map[name] == board.part), "")


def _attributes(made: Plan, layer: Layer) -> Attributes:
    """FINN's attributes for a layer of ours: lanes, and where its memories lie."""
    storage = made.storage.get(layer.name, {})
    return dict(kind_of(layer.kind).finn_attributes(layer, made.foldings[layer.name], storage))


def _nodes(model: "ModelWrapper", made: Plan) -> "Iterator[tuple[NodeProto, Layer]]":
    """FINN's nodes that are layers of ours. (Behind the padding of a 1x1 convolution FINN has a window of its own.)"""
    for node in model.graph.node:
        if layer := made.design.by_name.get(node.doc_string):
            yield node, layer


def _fold(model: "ModelWrapper", made: Plan) -> None:
    from qonnx.custom_op.registry import getCustomOp

    for node, layer in _nodes(model, made):
        for key, value in _attributes(made, layer).items():
            getCustomOp(node).set_nodeattr(key, value)


def _with_exact_thresholds(model: "ModelWrapper", made: Plan) -> "ModelWrapper":
    """Ours in place of FINN's, which were rounded in float32; the types follow.

    FINN leaves out the first thresholds of a narrow range, which every value reaches.
    """
    from finn.transformation.fpgadataflow.minimize_accumulator_width import MinimizeAccumulatorWidth

    for node, layer in _nodes(model, made):
        if "thresholds" in layer.tensors:
            tensor, ours = node.input[kind_of(layer.kind).finn_thresholds], layer.tensors["thresholds"]
            left_out = ours.shape[1] - model.get_initializer(tensor).shape[1]
            model.set_initializer(tensor, ours[:, left_out:].astype(np.float32))
    return model.transform(MinimizeAccumulatorWidth())


def _require_legal(model: "ModelWrapper") -> int:
    """FINN's estimate of the cycles of the slowest layer. Raises UserError if FINN refuses a layer's folding."""
    from qonnx.custom_op.registry import getCustomOp

    cycles = []
    for node in model.graph.node:
        try:
            operator = getCustomOp(node)
            operator.get_folded_input_shape()
            operator.get_folded_output_shape()
            cycles.append(int(operator.get_exp_cycles()))
        except Exception as error:  # FINN asserts and raises of many kinds
            folded = {key: operator.get_nodeattr(key) for key in ("PE", "SIMD") if key in operator.get_nodeattr_types()}
            raise UserError(f"{node.doc_string}: FINN refuses the folding {folded}: {error!r}") from error
    return max(cycles)


def _set_fifo_depths(model: "ModelWrapper", made: Plan) -> None:
    """The planned depths, on the side of an edge where FINN's beats are wider, as ours are."""
    from qonnx.custom_op.registry import getCustomOp

    for node in model.graph.node:
        for port, tensor in enumerate(node.output):
            for reader in model.find_consumers(tensor):
                index = list(reader.input).index(tensor)
                if elements := _planned_elements(made, node.doc_string, reader.doc_string, index):
                    sent = getCustomOp(node).get_folded_output_shape(port)[-1]
                    needed = getCustomOp(reader).get_folded_input_shape(index)[-1]
                    if sent >= needed:
                        _set_depth(node, "outFIFODepths", port, math.ceil(elements / sent))
                    else:
                        _set_depth(reader, "inFIFODepths", index, math.ceil(elements / needed))


def _planned_elements(made: Plan, source: str, target: str, port: int) -> int:
    """How many elements the planned FIFO between two layers holds; 0 if there is none."""
    for name in (f"{source}.to.{target}.fifo", f"{source}.to.{target}.{port}.fifo"):
        if name in made.design.by_name:
            return made.fifo_depths[name] * made.foldings[name].pe
    return 0


def _set_depth(node: "NodeProto", key: str, port: int, depth: int) -> None:
    from qonnx.custom_op.registry import getCustomOp

    operator = getCustomOp(node)
    depths = list(operator.get_nodeattr(key))
    depths += [2] * (port + 1 - len(depths))
    depths[port] = depth
    operator.set_nodeattr(key, depths)


def _folding_config(hardware: "ModelWrapper", made: Plan) -> dict[str, Attributes]:
    """FINN's folding configuration: by the names that its nodes have once they are HLS or RTL."""
    config: dict[str, Attributes] = {"Defaults": {}}
    for node, layer in _nodes(hardware, made):
        config[node.name] = _attributes(made, layer)
    return config


def _fifo_config(hardware: "ModelWrapper", made: Plan, part: str) -> dict[str, Attributes]:
    """The depths of the FIFOs that FINN's own steps put in, by the names that they get."""
    from finn.transformation.fpgadataflow.insert_dwc import InsertDWC
    from finn.transformation.fpgadataflow.insert_fifo import InsertFIFO
    from qonnx.custom_op.registry import getCustomOp

    _set_fifo_depths(hardware, made)
    whole = hardware.transform(InsertDWC()).transform(InsertFIFO(create_shallow_fifos=True))
    nodes = specialized(whole, part).get_nodes_by_op_type("StreamingFIFO_rtl")
    fifos = {node.name: getCustomOp(node) for node in nodes}
    keys = {"fifo_depths": "depth", "impl_style": "impl_style", "ram_style": "ram_style"}
    return {ours: {name: fifo.get_nodeattr(key) for name, fifo in fifos.items()} for ours, key in keys.items()}


def specialized(model: "ModelWrapper", part: str) -> "ModelWrapper":
    """FINN's choice of HLS or RTL for every node of `model`, which keeps its doc string. FINN may be imported."""
    from finn.transformation.fpgadataflow.specialize_layers import SpecializeLayers
    from qonnx.transformation.general import GiveUniqueNodeNames

    made = model.transform(SpecializeLayers(part)).transform(GiveUniqueNodeNames())
    for node, before in zip(made.graph.node, model.graph.node, strict=True):
        assert node.op_type.startswith(before.op_type), "specializing layers keeps their order"
        node.doc_string = before.doc_string
    return made


def _build_config(made: Plan, board: Board, name: str) -> Attributes:
    """A DataflowBuildConfig as JSON; for a board that FINN has no shell for, an IP of the network and no bitstream."""
    outputs = ["estimate_reports", "stitched_ip"]
    shell = {"board": name, "shell_flow_type": "vivado_zynq"} if name else {}
    return {
        "output_dir": "build",
        "synth_clk_period_ns": 1000 / made.clock_mhz,
        "fpga_part": board.part,
        **shell,
        "generate_outputs": outputs + (["bitfile", "pynq_driver", "deployment_package"] if name else []),
        "folding_config_file": FOLDING,
        "auto_fifo_depths": True,
        "fifo_config_file": FIFOS,
        "steps": list(_STEPS) if name else list(_STEPS[: _STEPS.index("step_create_stitched_ip") + 1]),
    }


def _require_names(model: "ModelWrapper", lowered: Path) -> None:
    if not any(node.doc_string for node in model.graph.node):
        raise UserError(f"{lowered / 'lowered.onnx'} was written by an earlier version: run again with --from lower")


def _write_json(path: Path, document: Attributes) -> None:
    path.write_text(json.dumps(document, indent=1, default=int) + "\n")
