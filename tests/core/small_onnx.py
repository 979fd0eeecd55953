"""A small QONNX file written node by node: one quantized convolution, batch norm, quantizer, scores."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

QONNX = "qonnx.custom_op.general"


def model(**constants: np.ndarray) -> onnx.ModelProto:
    """2x6x6 pixels in, 3 scores out. `constants` replace those of the same names."""
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
    tensors = [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in values.items()]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, 6, 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])],
        tensors,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13), helper.make_opsetid(QONNX, 1)])


def save(made: onnx.ModelProto, path: Path) -> Path:
    """Write `made` as it is, checked by nobody."""
    path.write_bytes(made.SerializeToString())
    return path
