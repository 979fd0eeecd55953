"""Networks written node by node, as no exporter of PyTorch writes them: 2x8x8 pixels in, quantized as QONNX does."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_QONNX = "qonnx.custom_op.general"
_OF_QONNX = ("Quant", "BipolarQuant", "Trunc", "MultiThreshold")
INPUT = "x"
SHAPE = (2, 8, 8)


class Graph:
    """Nodes and constants in the order in which they are added; random weights are the same every time."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(0)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, operator: str, *inputs: object, **attributes: object) -> str:
        """One node with one output, whose name is returned; inputs that are no names are constants."""
        return self.several(operator, 1, *inputs, **attributes)[0]

    def several(self, operator: str, outputs: int, *inputs: object, **attributes: object) -> list[str]:
        """One node with so many outputs."""
        at = len(self.nodes)
        names = [given if isinstance(given, str) else self.constant(given) for given in inputs]
        made = [f"n{at}.{output}" for output in range(outputs)]
        domain = _QONNX if operator in _OF_QONNX else ""
        self.nodes.append(
            helper.make_node(operator, names, made, name=f"/n{at}/{operator}", domain=domain, **attributes)
        )
        return made

    def constant(self, number: object) -> str:
        """Whole numbers in int64, others in float32; arrays as they are."""
        array = number if isinstance(number, np.ndarray) else np.array(number)
        name = f"c{len(self.constants)}"
        wide = {np.dtype(np.float64): np.float32}.get(array.dtype, array.dtype)
        self.constants.append(numpy_helper.from_array(array.astype(wide), name))
        return name

    def quant(self, tensor: object, scale: object, bits: int = 4, signed: int = 0, **attributes: object) -> str:
        """QONNX's quantizer of zero point 0."""
        given = {"narrow": 0, "rounding_mode": "ROUND", **attributes}
        return self.add("Quant", tensor, scale, 0.0, float(bits), signed=signed, **given)

    def conv(self, tensor: str, inputs: int = 2, outputs: int = 4, kernel: int = 3) -> str:
        """A convolution with random weights of 4 bits."""
        weights = self.random.uniform(-1, 1, (outputs, inputs, kernel, kernel))
        return self.add("Conv", tensor, self.quant(weights, 0.125, signed=1), kernel_shape=[kernel, kernel])

    def scores(self, tensor: str, inputs: int = 4) -> str:
        """Five of them, from the mean of a feature map."""
        return self.add("Flatten", self.add("GlobalAveragePool", self.conv(tensor, inputs, 5, 1)))

    def save(self, output: str, path: Path, opset: int = 13, batch: int = 1, shape: tuple[int, ...] = SHAPE) -> None:
        """Write the network of frames of `shape` whose scores are `output`."""
        ends = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in ((INPUT, [batch, *shape]), (output, None))
        ]
        graph = helper.make_graph(self.nodes, "by hand", ends[:1], ends[1:], self.constants)
        opsets = [helper.make_opsetid("", opset), helper.make_opsetid(_QONNX, 1)]
        onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), str(path))
