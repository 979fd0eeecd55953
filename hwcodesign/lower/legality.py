"""What an operator tells by itself, whatever it reads: is there hardware for it at all, and for its settings?

These checks need no value of the data path, so they find every such layer, also behind one that cannot be converted.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from onnx import NodeProto

from hwcodesign.lower.read import QUANTIZERS
from hwcodesign.lower.traversal import Walk, attributes

_KNOWN = {
    *QUANTIZERS, "Conv", "MaxPool", "Concat", "GlobalAveragePool", "BatchNormalization", "Relu", "Add", "Sub", "Mul",
    "Div", "Identity", "Dropout",
}  # fmt: skip
_AVERAGE = "use MaxPool2d, or one average over the whole map (AdaptiveAvgPool2d(1)) at the end"
_LEAVE_OUT = "leave it out of the exported model: the order of the scores is the same without it"
_FIXES = {
    "MatMul": "multiply by constant, quantized weights (QuantLinear)",
    "Gemm": "use QuantLinear",
    "Reshape": "flatten the whole map, directly before a fully connected layer",
    "Flatten": "flatten the whole map (start_dim=1)",
    "Softmax": _LEAVE_OUT,
    "LogSoftmax": _LEAVE_OUT,
    "Sigmoid": "use ReLU",
    "AveragePool": _AVERAGE,
    "ReduceMean": _AVERAGE,
    "Trunc": "use AdaptiveAvgPool2d(1) instead of TruncAvgPool2d",
}
_ANY_FIX = "use convolutions, fully connected layers, batch norm, ReLU, max pools, cat, sums, or a global average"


def possible(walk: Walk, node: NodeProto, layer: str) -> bool:
    """Whether hardware can do what `node` says of itself; if not, why not is noted."""
    before, details = len(walk.problems.found), attributes(node)
    if node.op_type not in _KNOWN:
        cause = f"the operator {node.op_type} has no hardware kind"
        walk.problems.add(layer, cause, _FIXES.get(node.op_type, _ANY_FIX))
    elif node.op_type == "Conv":
        _check_window(walk, layer, details)
        _check_weights(walk, node, layer, details.get("group", 1))
    elif node.op_type == "MaxPool":
        _check_window(walk, layer, details)
        _check_pool(walk, layer, details)
    elif node.op_type == "BatchNormalization" and any(walk.constant(name) is None for name in node.input[1:5]):
        walk.problems.add(layer, "its statistics are computed at run time", "export in eval mode")
    elif node.op_type == "Concat" and details["axis"] not in (1, -3):
        walk.problems.add(layer, "it joins along another axis than channels", "join channels (dim=1)")
    elif node.op_type in ("Add", "Concat") and len(set(node.input)) < len(node.input):
        walk.problems.add(layer, "it reads the same map twice", "multiply by 2, or use a layer with more filters")
    return len(walk.problems.found) == before


def _check_window(walk: Walk, layer: str, details: Mapping[str, Any]) -> None:
    if any(step != 1 for step in details.get("dilations", [1])):
        fix = "use dilation=1, with a larger kernel if need be"
        walk.problems.add(layer, f"its dilation is {list(details['dilations'])}", fix)
    if details.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
        walk.problems.add(layer, "its padding is left to the runtime (auto_pad)", "give the padding in numbers")


def _check_weights(walk: Walk, node: NodeProto, layer: str, groups: int) -> None:
    note = partial(walk.problems.add, layer)
    weights = walk.weights.get(node.input[1])
    if weights is None and walk.constant(node.input[1]) is not None:
        note("its weights are not quantized", "use QuantConv2d or QuantLinear")
    if groups > 1 and weights is not None and weights.integers.shape[1] == 1:
        note("it is a depthwise convolution (groups = channels), which has no hardware kind", "use groups=1")
    elif groups > 1:
        note(f"it has {groups} groups", "use groups=1")


def _check_pool(walk: Walk, layer: str, details: Mapping[str, Any]) -> None:
    if details.get("ceil_mode", 0):
        walk.problems.add(layer, "ceil_mode is on", "use ceil_mode=False (and crop or enlarge the image if need be)")
    if any(details.get("pads", [0])):
        walk.problems.add(layer, "it pads its input", "use padding=0")
