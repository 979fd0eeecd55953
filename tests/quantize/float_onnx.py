"""Float networks as ONNX files, written node by node, without PyTorch's exporter; and what they and ours give."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

from hwcodesign.nets.build import float_module


class Writer:
    """Each method adds a node and gives the name of its result."""

    def __init__(self, shape: tuple[int, ...], seed: int = 0) -> None:
        self.shape, self.random = shape, np.random.default_rng(seed)
        self.nodes, self.tensors, self.channels = [], [], {"image": shape[1]}

    def constant(self, name: str, values) -> str:
        self.tensors.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def node(self, operator: str, path: str, inputs, channels: int | None = None, **attributes) -> str:
        name = f"/{path.replace('.', '/')}/{operator}" if path else operator
        taken = [node.name for node in self.nodes]
        name += f"_{len(taken)}" if name in taken else ""
        out = f"{name}.output"
        self.nodes.append(helper.make_node(operator, inputs, [out], name, **attributes))
        self.channels[out] = self.channels.get(inputs[0], 0) if channels is None else channels
        return out

    def conv(self, path: str, source: str, filters: int, kernel=3, stride=1, pad=1, groups=1, bias=True, **more) -> str:
        shape = (filters, self.channels[source] // groups, kernel, kernel)
        weight = self.random.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape).astype(np.float32)
        inputs = [source, self.constant(f"{path}.weight", weight)]
        if bias:
            inputs.append(self.constant(f"{path}.bias", self.random.normal(0.1, 0.1, filters).astype(np.float32)))
        attributes = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [pad] * 4, "group": groups} | more
        return self.node("Conv", path, inputs, filters, **attributes)

    def norm(self, path: str, source: str) -> str:
        count = self.channels[source]
        numbers = {"weight": (0.8, 1.2), "bias": (-0.1, 0.2), "running_mean": (-0.2, 0.2), "running_var": (0.5, 2)}
        inputs = [self.constant(f"{path}.{part}", self.random.uniform(*ends, count).astype(np.float32))
                  for part, ends in numbers.items()]  # fmt: skip
        return self.node("BatchNormalization", path, [source, *inputs])

    def linear(self, path: str, source: str, features: int, count: int) -> str:
        weight = self.random.normal(0, np.sqrt(1 / features), (count, features)).astype(np.float32)
        bias = self.random.normal(0, 0.3, count).astype(np.float32)
        inputs = [source, self.constant(f"{path}.weight", weight), self.constant(f"{path}.bias", bias)]
        return self.node("Gemm", path, inputs, count, transB=1)

    def save(self, path: Path, output: str, classes: int = 5) -> Path:
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, self.shape)
        scores = helper.make_tensor_value_info(output, TensorProto.FLOAT, [1, classes])
        graph = helper.make_graph(self.nodes, "float", [image], [scores], self.tensors)
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
        return path


def residual(path: Path, shape=(1, 3, 18, 18)) -> Path:
    """Normalisation, a stem, blocks with both kinds of shortcut, a depthwise layer, two branches, a softmax."""
    w = Writer(shape)
    scaled = w.node("Div", "", [w.node("Sub", "", ["image", w.constant("m", np.full((1, shape[1], 1, 1), 0.4, "f"))]),
                                w.constant("d", np.float32(0.25))])  # fmt: skip
    w.channels[scaled] = shape[1]
    x = w.node("Relu", "stem", [w.norm("stem.bn", w.conv("stem.conv", scaled, 8, bias=False))])
    x = w.node("MaxPool", "pool", [x], kernel_shape=[2, 2], strides=[2, 2])
    y = w.node("Relu", "layer1", [w.norm("layer1.bn1", w.conv("layer1.conv1", x, 8, bias=False))])
    y = w.norm("layer1.bn2", w.conv("layer1.conv2", y, 8, bias=False))
    x = w.node("Relu", "layer1", [w.node("Add", "layer1", [y, x])])
    y = w.node("Relu", "layer2", [w.conv("layer2.conv1", x, 12, stride=2)])
    y = w.conv("layer2.conv2", y, 12)
    x = w.node("Add", "layer2", [y, w.conv("layer2.down", x, 12, 1, 2, 0)])  # no ReLU behind this sum
    x = w.node("Relu", "dw", [w.conv("dw", x, 12, groups=12)])
    left, right = (w.conv(f"branch.{side}", x, 6, 1, 1, 0) for side in "ab")
    x = w.node("Relu", "branch", [w.node("Concat", "branch", [left, right], 12, axis=1)])
    x = w.node("Flatten", "", [w.node("GlobalAveragePool", "mean", [x])])
    return w.save(path, w.node("Softmax", "", [w.linear("fc", x, 12, 5)], axis=1))


def scores(found, pixels: np.ndarray) -> np.ndarray:
    """Of our float module, for pixels as the file takes them."""
    module = float_module(found.network, 0.0, 1.0).eval()
    with torch.no_grad():
        for name, (weight, bias) in found.weights.items():
            module.get_submodule(name).weight.copy_(torch.from_numpy(weight))
            module.get_submodule(name).bias.copy_(torch.from_numpy(bias))
        shape = (1, -1, 1, 1)
        return module(torch.from_numpy((pixels - found.mean.reshape(shape)) / found.divisor.reshape(shape)).float())


def in_file(path, pixels: np.ndarray) -> np.ndarray:
    """Of the file itself."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {"image": image[None].astype(np.float32)})[0] for image in pixels])
