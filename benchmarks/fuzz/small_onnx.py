"""Small ONNX files written node by node, for tests and to be damaged."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

QONNX = "qonnx.custom_op.general"


def model(**constants: np.ndarray) -> onnx.ModelProto:
    """A quantized convolution, batch norm, quantizer, dense layer: 2x6x6 pixels in, 3 scores out.

    `constants` replace those of the same names.
    """
    rng = np.random.default_rng(1)
    values = {
        "weights": rng.normal(size=(4, 2, 3, 3)),
        "weight_scale": np.array(0.25),
        "zero": np.array(0),
        "bits": np.array(4),
        "gamma": np.ones(4),
        "beta": np.zeros(4),
        "mean": rng.normal(size=4),
        "variance": rng.uniform(0.5, 2, 4),
        "scale": np.array(0.5),
        "dense": rng.normal(size=(64, 3)),
        "dense_scale": np.array(0.25),
    } | constants
    nodes = [
        helper.make_node("Quant", ["weights", "weight_scale", "zero", "bits"], ["w"], "/conv/weight_quant/Quant",
                         domain=QONNX, signed=1, narrow=1, rounding_mode="ROUND"),
        helper.make_node("Conv", ["x", "w"], ["c"], "/conv/Conv", kernel_shape=[3, 3], strides=[1, 1],
                         pads=[0, 0, 0, 0], dilations=[1, 1], group=1),
        helper.make_node("BatchNormalization", ["c", "gamma", "beta", "mean", "variance"], ["n"], "/norm/Bn",
                         epsilon=1e-5),
        helper.make_node("Quant", ["n", "scale", "zero", "bits"], ["a"], "/act/act_quant/Quant", domain=QONNX,
                         signed=0, narrow=0, rounding_mode="ROUND"),
        helper.make_node("Flatten", ["a"], ["f"], "/flatten/Flatten", axis=1),
        helper.make_node("Quant", ["dense", "dense_scale", "zero", "bits"], ["d"], "/dense/weight_quant/Quant",
                         domain=QONNX, signed=1, narrow=1, rounding_mode="ROUND"),
        helper.make_node("MatMul", ["f", "d"], ["y"], "/dense/MatMul"),
    ]  # fmt: skip
    return _model(nodes, values, [1, 2, 6, 6], [1, 3])


def save(made: onnx.ModelProto, path: Path) -> Path:
    """Write `made` as it is, checked by nobody."""
    path.write_bytes(made.SerializeToString())
    return path


def branches() -> onnx.ModelProto:
    """Pools, two branches that are joined and added, a global average; quantizers of both signs, a bipolar one."""
    rng = np.random.default_rng(2)
    values = {
        "stem": rng.normal(size=(4, 2, 3, 3)), "left": rng.normal(size=(4, 4, 1, 1)), "half": np.array(0.5),
        "right": rng.normal(size=(4, 4, 3, 3)), "head": rng.normal(size=(3, 8, 1, 1)), "zero": np.array(0),
        "scale": np.array(0.5), "bits": np.array(4), "two": np.array(2),
    }  # fmt: skip
    weights = [_quant(name, "scale", "bits", f"{name}_q", f"/{name}/weight_quant/Quant") for name in ("stem", "left")]
    weights.append(helper.make_node("BipolarQuant", ["right", "scale"], ["right_q"], "/right/weight_quant/BipolarQuant",
                                    domain=QONNX))  # fmt: skip
    weights.append(_quant("head", "scale", "two", "head_q", "/head/weight_quant/Quant"))
    nodes = [
        *weights,
        helper.make_node("Mul", ["x", "half"], ["scaled"], "/Mul"),
        _quant("scaled", "half", "bits", "start", "/input/act_quant/Quant", signed=0),
        _conv("start", "stem_q", "s", "/stem/Conv", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["s"], ["s_r"], "/stem/Relu"),
        _quant("s_r", "scale", "bits", "s_a", "/stem/act_quant/Quant", signed=0),
        helper.make_node("MaxPool", ["s_a"], ["p"], "/pool/MaxPool", kernel_shape=[2, 2], strides=[2, 2]),
        _conv("p", "left_q", "l", "/left/Conv", kernel=1),
        _quant("l", "scale", "bits", "l_a", "/shared/act_quant/Quant", signed=0),
        _conv("p", "right_q", "r", "/right/Conv", pads=[1, 1, 1, 1]),
        _quant("r", "scale", "bits", "r_a", "/shared/act_quant/Quant_1", signed=0),
        helper.make_node("Concat", ["l_a", "r_a"], ["c"], "/concat/Concat", axis=1),
        helper.make_node("Add", ["c", "c2"], ["a"], "/add/Add"),
        _quant("a", "scale", "bits", "a_a", "/add/act_quant/Quant", signed=0),
        _conv("a_a", "head_q", "h", "/head/Conv", kernel=1),
        helper.make_node("GlobalAveragePool", ["h"], ["g"], "/gap/GlobalAveragePool"),
        helper.make_node("Flatten", ["g"], ["y"], "/flatten/Flatten", axis=1),
    ]
    nodes.insert(-5, helper.make_node("Concat", ["r_a", "l_a"], ["c2"], "/concat2/Concat", axis=1))
    return _model(nodes, values, [1, 2, 6, 6], [1, 3])


def framework() -> onnx.ModelProto:
    """A float network as exporters write them: shapes computed in the graph, a grouped convolution, QCDQ, Gemm."""
    rng = np.random.default_rng(3)
    values = {
        "w": rng.normal(size=(4, 1, 3, 3)), "b": rng.normal(size=4), "g": rng.normal(size=(3, 36)),
        "s": np.array(0.1), "gamma": np.ones(4), "mean": np.zeros(4),
    }  # fmt: skip
    integers = {
        "z": np.array(0, np.uint8), "from": np.array([0]), "to": np.array([1]), "rest": np.array([-1]),
        "sizes": np.array([1, 4]), "pads": np.array([0, 0, 1, 1, 0, 0, 1, 1]),
    }  # fmt: skip
    nodes = [
        helper.make_node("Pad", ["x", "pads"], ["padded"], "/pad/Pad"),
        helper.make_node("Conv", ["padded", "w", "b"], ["c"], "/conv/Conv", group=2, kernel_shape=[3, 3]),
        helper.make_node("BatchNormalization", ["c", "gamma", "b", "mean", "gamma"], ["n"], "/norm/Bn"),
        helper.make_node("QuantizeLinear", ["n", "s", "z"], ["q"], "/q/QuantizeLinear"),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"], "/d/DequantizeLinear"),
        helper.make_node("AveragePool", ["d"], ["p"], "/pool/AveragePool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Slice", ["sizes", "from", "to"], ["batch"], "/Slice"),
        helper.make_node("Concat", ["batch", "rest"], ["flat_shape"], "/Concat", axis=0),
        helper.make_node("Reshape", ["p", "flat_shape"], ["f"], "/Reshape"),
        helper.make_node("Gemm", ["f", "g"], ["y"], "/dense/Gemm", transB=1),
    ]
    made = _model(nodes, values, [1, 2, 6, 6], [1, 3])
    made.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in integers.items())
    return made


def _quant(source: str, scale: str, bits: str, made: str, name: str, signed: int = 1) -> onnx.NodeProto:
    return helper.make_node("Quant", [source, scale, "zero", bits], [made], name, domain=QONNX, signed=signed,
                            narrow=signed, rounding_mode="ROUND")  # fmt: skip


def _conv(source: str, weights: str, made: str, name: str, kernel: int = 3, pads: list[int] | None = None) -> Any:
    return helper.make_node("Conv", [source, weights], [made], name, kernel_shape=[kernel, kernel], strides=[1, 1],
                            pads=pads or [0, 0, 0, 0], dilations=[1, 1], group=1)  # fmt: skip


def _model(
    nodes: list[onnx.NodeProto], values: dict[str, np.ndarray], shape: list[int], out: list[int]
) -> onnx.ModelProto:
    tensors = [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in values.items()]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, out)],
        tensors,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13), helper.make_opsetid(QONNX, 1)])
