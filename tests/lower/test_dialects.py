"""The dialects that quantized networks are written in: each goes in, and equals its file in float64."""

from collections.abc import Callable
from pathlib import Path

import brevitas.nn as qnn
import numpy as np
import onnx
import pytest
import torch
from brevitas.export import export_onnx_qcdq
from brevitas.graph.calibrate import calibration_mode
from brevitas.quant import Int8WeightPerChannelFloat
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from hwcodesign.lower import understand
from tests.lower.equality import require_equal
from tests.lower.small import average, conv, export, linear, norm, relu

SHAPE = (2, 8, 8)


class Calibration:
    """Random images for onnxruntime."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.left = [{"x": rng.random((1, *SHAPE), dtype=np.float32)} for _ in range(8)]

    def get_next(self) -> dict[str, np.ndarray] | None:
        return self.left.pop() if self.left else None


def _float_network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        *(nn.Conv2d(2, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(128, 5)),
    ).eval()


@pytest.mark.parametrize("unsigned", [True, False])
@pytest.mark.parametrize("per_channel", [True, False])
def test_onnxruntimes_static_quantization(unsigned: bool, per_channel: bool, tmp_path: Path) -> None:
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    torch.onnx.export(
        _float_network(),
        torch.zeros(1, *SHAPE),
        str(tmp_path / "float.onnx"),
        input_names=["x"],
        dynamo=False,
        opset_version=13,
    )
    quantize_static(
        str(tmp_path / "float.onnx"), str(tmp_path / "model.onnx"), Calibration(), quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8 if unsigned else QuantType.QInt8, weight_type=QuantType.QInt8,
        per_channel=per_channel,
    )  # fmt: skip
    _, graph = understand(tmp_path / "model.onnx")
    assert graph.contract["input_scale"] == 1 / 255
    require_equal(tmp_path / "model.onnx", graph, SHAPE)


def test_brevitas_qcdq(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(
        *(qnn.QuantIdentity(bit_width=8), conv(2, padding=1, weight_bit_width=8), norm(4), relu(bit_width=8)),
        *(conv(weight_bit_width=8, weight_quant=Int8WeightPerChannelFloat), relu(bit_width=8), *average()),
    ).train()
    with torch.no_grad():
        for _ in range(5):
            module(torch.rand(16, *SHAPE))
    export_onnx_qcdq(
        module.eval(), torch.zeros(1, *SHAPE), str(tmp_path / "model.onnx"), dynamo=False, opset_version=13
    )
    assert "DequantizeLinear" in {node.op_type for node in onnx.load(str(tmp_path / "model.onnx")).graph.node}
    _, graph = understand(tmp_path / "model.onnx")
    require_equal(tmp_path / "model.onnx", graph, SHAPE)


def test_brevitas_quantizes_a_trained_network(tmp_path: Path) -> None:
    from brevitas.export import export_qonnx
    from brevitas.graph.quantize import preprocess_for_quantize, quantize

    frames = torch.rand(16, *SHAPE)
    module = quantize(preprocess_for_quantize(torch.fx.symbolic_trace(_float_network())))
    with torch.no_grad(), calibration_mode(module):
        module(frames)
    export_qonnx(module.eval(), frames[:1], str(tmp_path / "model.onnx"), dynamo=False, opset_version=13)
    _, graph = understand(tmp_path / "model.onnx")
    require_equal(tmp_path / "model.onnx", graph, SHAPE)


def _saved(tmp_path: Path, edit: Callable[[onnx.ModelProto], None]) -> Path:
    export(
        lambda: nn.Sequential(conv(2), norm(4), relu(), nn.Flatten(), linear(144, 5, bias=True)),
        tmp_path / "model.onnx",
    )
    model = onnx.load(str(tmp_path / "model.onnx"))
    edit(model)
    onnx.save(model, str(tmp_path / "model.onnx"))
    return tmp_path / "model.onnx"


def _int_quant(model: onnx.ModelProto) -> None:
    for node in model.graph.node:
        if node.op_type == "Quant":
            node.op_type = "IntQuant"


def _any_batch(model: onnx.ModelProto) -> None:
    for end in (model.graph.input[0], model.graph.output[0]):
        end.type.tensor_type.shape.dim[0].dim_param = "N"


def _batch_of_seven(model: onnx.ModelProto) -> None:
    for end in (model.graph.input[0], model.graph.output[0]):
        end.type.tensor_type.shape.dim[0].dim_value = 7
    node = next(node for node in model.graph.node if node.op_type == "Flatten")
    model.graph.initializer.append(numpy_helper.from_array(np.array([7, -1]), "sides"))
    node.op_type = "Reshape"
    node.input.append("sides")
    del node.attribute[:]


def _older_names(model: onnx.ModelProto) -> None:
    """As PyTorch before version 1.13 named nodes."""
    for number, node in enumerate(model.graph.node):
        node.name = f"{node.op_type}_{number}"


def _quantizers_of_old(model: onnx.ModelProto) -> None:
    for node in model.graph.node:
        if node.domain:
            node.domain = "onnx.brevitas"
    for opset in model.opset_import:
        if opset.domain:
            opset.domain = "onnx.brevitas"


@pytest.mark.parametrize("edit", [_int_quant, _any_batch, _batch_of_seven, _older_names, _quantizers_of_old])
def test_spelling(edit: Callable[[onnx.ModelProto], None], tmp_path: Path) -> None:
    path = _saved(tmp_path, edit)
    _, graph = understand(path, input_scale=1.0)
    if edit is not _batch_of_seven:  # torch would reshape to seven
        require_equal(path, graph, SHAPE)
    path = _saved(tmp_path, lambda model: None)
    require_equal(path, graph, SHAPE)
    assert [layer.name for layer in graph.layers if layer.kind == "mvau"] == ["0", "4"]


@pytest.mark.parametrize("opset", [9, 11, 13, 16, 18, 21])
def test_versions_of_onnx(opset: int, tmp_path: Path) -> None:
    path = _saved(tmp_path, lambda model: None)
    model = onnx.load(str(path))
    for entry in model.opset_import:
        entry.version = opset if entry.domain == "" else entry.version
    onnx.save(model, str(path))
    _, graph = understand(path, input_scale=1.0)
    require_equal(path, graph, SHAPE)


def test_finns_own_thresholds(tmp_path: Path) -> None:
    """Integer weights, MultiThreshold and a factor at the end: a network that FINN has converted."""
    rng = np.random.default_rng(0)
    weights, last = rng.integers(-7, 8, (4, 2, 3, 3)), rng.integers(-7, 8, (144, 5))
    steps = np.sort(rng.normal(0, 2000, (4, 15)), axis=1)
    constants = {"w": weights, "steps": steps, "v": last, "factor": np.array(0.125)}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], name="/first/Conv"),
        helper.make_node(
            "MultiThreshold", ["a", "steps"], ["b"], name="/act/MultiThreshold", domain="qonnx.custom_op.general",
            out_dtype="INT4", out_scale=0.5, out_bias=-4.0,
        ),
        helper.make_node("Flatten", ["b"], ["c"]),
        helper.make_node("MatMul", ["c", "v"], ["d"], name="/last/MatMul"),
        helper.make_node("Mul", ["d", "factor"], ["y"]),
    ]  # fmt: skip
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, *SHAPE])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 5])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in constants.items()],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("qonnx.custom_op.general", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), str(tmp_path / "model.onnx"))
    _, made = understand(tmp_path / "model.onnx", input_scale=1.0)
    require_equal(tmp_path / "model.onnx", made, SHAPE)


def test_channels_last(tmp_path: Path) -> None:
    """The same network with its channels last: QONNX's own operators for it, and the frames as the host has them."""
    path = _saved(tmp_path, lambda model: None)
    _, wanted = understand(path, input_scale=1.0)
    model = onnx.load(str(path))
    nodes = {node.op_type: node for node in model.graph.node}
    sides = model.graph.input[0].type.tensor_type.shape.dim
    for axis, side in zip(sides[1:], (8, 8, 2), strict=True):
        axis.dim_value = side
    del model.graph.value_info[:]
    weights = nodes["Conv"].input[1]
    quantizer = next(node for node in model.graph.node if weights in node.output)
    for tensor in model.graph.initializer:
        value = numpy_helper.to_array(tensor)
        if tensor.name in quantizer.input and value.ndim == 4:
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(np.moveaxis(value, 1, -1)), tensor.name))
    for operator in ("Conv", "BatchNormalization"):
        nodes[operator].domain = "qonnx.custom_op.channels_last"
    back = helper.make_node("Transpose", [nodes["Flatten"].input[0]], ["first"], perm=[0, 3, 1, 2])
    nodes["Flatten"].input[0] = "first"
    model.graph.node.insert(list(model.graph.node).index(nodes["Flatten"]), back)
    model.opset_import.append(helper.make_opsetid("qonnx.custom_op.channels_last", 1))
    onnx.save(model, str(path))
    _, graph = understand(path, input_scale=1.0)
    assert graph == wanted
    for layer in graph.layers:
        assert all(
            np.array_equal(value, wanted.by_name[layer.name].tensors[key]) for key, value in layer.tensors.items()
        )
