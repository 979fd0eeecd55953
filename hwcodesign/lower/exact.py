"""The network's exact meaning: a walk over the QONNX graph that knows each tensor as scale * integer + bias in float64.

It names every layer, works out each quantizer's thresholds over integers, and finds everything that the hardware
cannot compute. FINN's lowering then gives the hardware, and `to_dataflow` brings the two together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from onnx import NodeProto, helper
from qonnx.core.modelwrapper import ModelWrapper

from hwcodesign.assemble import signed_holding
from hwcodesign.dataflow import IntType
from hwcodesign.lower.names import layer_name
from hwcodesign.lower.problems import Problems
from hwcodesign.lower.quantizers import MOST_ACTIVATION_BITS, Quantizer, read_quantizer, thresholds
from hwcodesign.lower.values import Affine, Relu, Value, quantized, uniform

GRAPH_INPUT = "input"
_QUANTIZE = "put a QuantReLU or QuantIdentity directly after it"


@dataclass(frozen=True)
class Operation:
    """One layer of integer arithmetic, under its PyTorch path. `sources` are operations, or GRAPH_INPUT.

    `weights`: (O, C, kernel height, kernel width) int64 of a convolution (kind mvau), None otherwise. `thresholds`:
    (C, levels - 1) int64 where a quantizer ends the layer. `low` and `high` bound the integers before the quantizer,
    per channel.
    """

    name: str
    kind: str
    sources: tuple[str, ...]
    weights: np.ndarray | None = None
    thresholds: np.ndarray | None = None
    out_type: IntType | None = None
    low: np.ndarray | None = None
    high: np.ndarray | None = None


@dataclass(frozen=True)
class Weights:
    """A quantized weight tensor: integers (O, C, kh, kw) and their scale per output channel (O,), float64."""

    integers: np.ndarray
    scale: np.ndarray


@dataclass(frozen=True)
class Exact:
    """Operations in the order of the file, the last one's output being the scores; real score = integer * scale."""

    operations: Mapping[str, Operation]
    score_scale: float
    input_scale: float


def exact_meaning(model: ModelWrapper, input_type: IntType, input_scale: float | None, problems: Problems) -> Exact:
    """Walk over `model`, whose data path is maps (1, C, H, W). What cannot become hardware goes into `problems`.

    `input_scale` None means 1/255 where the network quantizes its input itself, else 1 (raw pixels).
    """
    if input_scale is None:
        input_scale = 1 / 255 if _quantizes_input(model) else 1.0
    walk = _Walk(model, problems)
    frames = model.graph.input[0].name
    channels, height, width = (*model.get_tensor_shape(frames)[1:], 1, 1)[:3]
    walk.values[frames] = quantized(GRAPH_INPUT, (channels, height, width), input_type, input_scale)
    for node in model.graph.node:
        walk.visit(node)
    return Exact(walk.operations, walk.score_scale(), input_scale)


def _quantizes_input(model: ModelWrapper) -> bool:
    """Does the path from the input meet a quantizer before anything but scaling?"""
    tensor = model.graph.input[0].name
    while readers := model.find_consumers(tensor):
        if readers[0].op_type not in ("Add", "Sub", "Mul", "Div", "Identity", "Relu"):
            return readers[0].op_type in ("Quant", "BipolarQuant")
        tensor = readers[0].output[0]
    return False


@dataclass
class _Walk:
    model: ModelWrapper
    problems: Problems
    values: dict[str, Value] = field(default_factory=dict)
    weights: dict[str, Weights] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)

    def visit(self, node: NodeProto) -> None:
        """Work out the value of the node's output; none if it has a problem, or reads a value that has none."""
        layer = layer_name(node)
        if node.op_type in ("Quant", "BipolarQuant") and self._constant(node.input[0]) is not None:
            self._quantize_weights(node, layer)
            return
        data = [name for name in node.input if self._constant(name) is None and name not in self.weights]
        if any(name not in self.values for name in data if name):
            if node.op_type not in _HANDLERS:
                self._unsupported(node, layer)
            return
        values = [self.values[name] for name in data if name]
        handler = _HANDLERS.get(node.op_type, _Walk._unsupported)
        result = handler(self, node, layer, *values)
        if result is not None:
            self.values[node.output[0]] = result

    def score_scale(self) -> float:
        """Real score per integer of the output; a problem if there is no such number."""
        scores = self.values.get(self.model.graph.output[0].name)
        if scores is None:
            return 1.0
        layer = scores.operation
        if scores.open:
            scores = self._close(scores)
        if scores.shape[1:] != (1, 1):
            self.problems.add(layer, f"the output is a map of {scores.shape[1:]} pixels", "end in one pixel of scores")
        if scores.scale is None:
            self._explain_scale(layer, scores, "the scores")
        return scores.scale or 1.0

    # ---- quantizers

    def _quantize_weights(self, node: NodeProto, layer: str) -> None:
        quantizer = read_quantizer(self.model, node, layer, self.problems)
        if quantizer is None:
            return
        real = self._constant(node.input[0])
        if real.ndim != 4:
            if real.ndim == 1:
                self.problems.add(
                    layer,
                    "the bias is quantized",
                    "leave the bias in floating point (no bias_quant): it is absorbed exactly",
                )
            self.weights[node.output[0]] = Weights(np.zeros(real.shape), np.ones(len(real)))
            return
        scale = quantizer.scale
        if scale.size not in (1, len(real)):
            self.problems.add(
                layer, f"the weights' scale has the shape {scale.shape}", "use one per tensor or per filter"
            )
            return
        integers = quantizer.integers(real.astype(np.float32), scale.astype(np.float32))
        self.weights[node.output[0]] = Weights(
            integers, np.broadcast_to(scale.astype(np.float64).ravel(), len(real)).copy()
        )

    def _quantize(self, node: NodeProto, layer: str, value: Value) -> Value | None:
        quantizer = read_quantizer(self.model, node, layer, self.problems)
        if quantizer is None:
            return None
        scale = self._activation_scale(quantizer, layer)
        if not value.open:
            name = self._thresholding(value, quantizer, scale, layer)
        elif self._single_reader(node.input[0]):
            name = self._close(value, quantizer, scale).operation
        else:
            self.problems.add(
                value.operation, "several layers read its result before it is quantized",
                "put one shared QuantReLU (or QuantIdentity) directly after it",
            )  # fmt: skip
            return None
        return quantized(name, value.shape, quantizer.type, scale)

    def _activation_scale(self, quantizer: Quantizer, layer: str) -> float:
        scales = np.unique(quantizer.scale.astype(np.float64))
        if len(scales) > 1:
            self.problems.add(
                layer, f"the activation's scale differs from channel to channel ({quantizer.scale.size} scales)",
                "use one scale per tensor (scaling_per_output_channel=False)",
            )  # fmt: skip
        if quantizer.type.bits > MOST_ACTIVATION_BITS:
            self.problems.add(
                layer, f"the activation has {quantizer.type.bits} bits", f"use at most {MOST_ACTIVATION_BITS} bits"
            )
            return float(scales[0])
        return float(scales[0])

    def _thresholding(self, value: Value, quantizer: Quantizer, scale: float, layer: str) -> str:
        """A quantizer of its own: at the network's input, or after an addition."""
        maker = self.operations.get(value.operation)
        name = self._unused(f"{maker.name}.quantizer" if maker and maker.kind == "add" else layer)
        if np.any(value.signs < 0):
            self.problems.add(layer, "a negative factor stands before the quantizer", "use a positive factor")
        levels = self._levels(value, quantizer, scale)
        self.operations[name] = Operation(
            name, "thresholding", (value.operation,), thresholds=levels, out_type=quantizer.type,
            low=value.low, high=value.high,
        )  # fmt: skip
        return name

    def _levels(self, value: Value, quantizer: Quantizer, scale: float) -> np.ndarray:
        if quantizer.type.bits > MOST_ACTIVATION_BITS:  # a problem that is already noted: no need for exact values
            return np.zeros((value.shape[0], 1), dtype=np.int64)
        return thresholds(value, quantizer, scale)

    def _close(self, value: Value, quantizer: Quantizer | None = None, scale: float = 1.0) -> Value:
        """Fix a convolution's rows so that real numbers rise with accumulators, and fuse the quantizer if any."""
        operation = self.operations[value.operation]
        signs = value.signs
        low = np.where(signs > 0, value.low, -value.high)
        high = np.where(signs > 0, value.high, -value.low)
        first, *rest = value.steps
        assert isinstance(first, Affine)
        value = replace(value, low=low, high=high, open=False, steps=(Affine(first.scale * signs, first.bias), *rest))
        self.operations[operation.name] = replace(
            operation,
            weights=operation.weights * signs[:, None, None, None],
            thresholds=None if quantizer is None else self._levels(value, quantizer, scale),
            out_type=None if quantizer is None else quantizer.type,
            low=low,
            high=high,
        )
        return value

    # ---- layers

    def _convolution(self, node: NodeProto, layer: str, *values: Value) -> Value | None:
        weights = self.weights.get(node.input[1])
        if len(values) != 1 or weights is None:
            if len(values) == 1 and self._constant(node.input[1]) is not None:
                self.problems.add(layer, "its weights are not quantized", "use QuantConv2d or QuantLinear")
            elif len(values) > 1:
                self.problems.add(layer, "its weights are computed at run time", "use constant, quantized weights")
            return None
        attributes = _attributes(node)
        value, outputs = values[0], len(weights.integers)
        if not self._can_convolve(node, layer, value, weights, attributes):
            return None
        top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
        line = value.affine
        channels, height, width = value.shape
        kernel = weights.integers.shape[2:]
        rows = (height + top + bottom - kernel[0]) // attributes.get("strides", [1, 1])[0] + 1
        columns = (width + left + right - kernel[1]) // attributes.get("strides", [1, 1])[1] + 1
        by_input = weights.integers.sum(axis=(2, 3), dtype=np.int64)
        bias = weights.scale * (by_input @ line.bias) + self._bias(node, outputs)
        low, high = _accumulator_bounds(weights.integers, value)
        name = self._unused(layer)
        self.operations[name] = Operation(name, "mvau", (value.operation,), weights=weights.integers)
        kind = signed_holding(int(low.min()), int(high.max()))
        steps = (Affine(weights.scale * line.scale[0], bias),)
        return Value(name, (outputs, rows, columns), kind, low, high, steps, open=True)

    def _can_convolve(
        self, node: NodeProto, layer: str, value: Value, weights: Weights, attributes: Mapping[str, Any]
    ) -> bool:
        note = partial(self.problems.add, layer)
        before = len(self.problems.found)
        groups = attributes.get("group", 1)
        if groups == value.shape[0] and groups > 1:
            note("it is a depthwise convolution (groups = channels), which has no hardware kind", "use groups=1")
        elif groups != 1:
            note(f"it has {groups} groups", "use groups=1")
        if any(step != 1 for step in attributes.get("dilations", [1])):
            note(f"its dilation is {attributes['dilations']}", "use dilation=1, with a larger kernel if need be")
        padded = any(attributes.get("pads", [0]))
        if attributes.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
            note("its padding is left to the runtime (auto_pad)", "give the padding in numbers")
        if padded and value.type.bipolar:
            note("it pads a map of {-1, +1} with zeros, which are neither", "use padding=0, or activations of 2 bits")
        line = value.affine
        if value.open or line is None or np.any(line.scale != line.scale[0]):
            self._explain_input(layer, value)
        elif padded and np.any(line.bias):
            note(
                "its input is shifted (a mean is subtracted), and padding would have to insert the mean",
                "use mean 0, or padding=0 in this layer",
            )
        if len(node.input) > 2 and node.input[2] and self._constant(node.input[2]) is None:
            if node.input[2] not in self.weights:
                note("its bias is computed at run time", "use a constant bias in floating point")
        if groups == 1 and weights.integers.shape[1] != value.shape[0]:
            note(f"it takes {weights.integers.shape[1]} channels but gets {value.shape[0]}", "make them equal")
        return len(self.problems.found) == before

    def _bias(self, node: NodeProto, outputs: int) -> np.ndarray:
        bias = self._constant(node.input[2]) if len(node.input) > 2 and node.input[2] else None
        return np.zeros(outputs) if bias is None else bias.astype(np.float64)

    def _max_pool(self, node: NodeProto, layer: str, value: Value) -> Value | None:
        attributes = _attributes(node)
        before = len(self.problems.found)
        if attributes.get("ceil_mode", 0):
            self.problems.add(layer, "ceil_mode is on", "use ceil_mode=False (and pad or crop the input if need be)")
        if any(step != 1 for step in attributes.get("dilations", [1])):
            self.problems.add(layer, f"its dilation is {attributes['dilations']}", "use dilation=1")
        if any(attributes.get("pads", [0])) or attributes.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
            self.problems.add(layer, "it pads its input", "use padding=0")
        if value.open or np.any(value.signs < 0):
            self.problems.add(layer, f"its input, from {value.operation}, is not quantized", _QUANTIZE)
        if len(self.problems.found) > before:
            return None
        channels, height, width = value.shape
        kernel, strides = attributes["kernel_shape"], attributes.get("strides", [1, 1])
        shape = (channels, (height - kernel[0]) // strides[0] + 1, (width - kernel[1]) // strides[1] + 1)
        return replace(value, operation=self._simple(layer, "max_pool", value), shape=shape)

    def _concat(self, node: NodeProto, layer: str, *values: Value) -> Value | None:
        if _attributes(node).get("axis") not in (1, -3) or len(values) != len(node.input):
            self.problems.add(
                layer, "it joins along another axis than channels, or a constant", "join channels (dim=1)"
            )
            return None
        if not self._share_quantizer(layer, values):
            return None
        shape = (sum(value.shape[0] for value in values), *values[0].shape[1:])
        return quantized(self._simple(layer, "concat", *values), shape, values[0].type, values[0].scale or 1.0)

    def _add(self, node: NodeProto, layer: str, *values: Value) -> Value | None:
        if len(values) == 1:
            return self._scale_or_shift(node, layer, *values)
        if not self._share_quantizer(layer, values):
            return None
        first = values[0]
        kind = IntType.holding(2 * first.type.min, 2 * first.type.max)
        name = self._simple(layer, "add", *values)
        total = quantized(name, first.shape, kind, first.scale or 1.0)
        return replace(total, low=2 * first.low, high=2 * first.high)

    def _share_quantizer(self, layer: str, values: tuple[Value, ...]) -> bool:
        fix = "let one shared QuantReLU (or QuantIdentity) instance quantize all its inputs"
        names = " and ".join(value.operation for value in values)
        if any(value.open or value.scale is None for value in values):
            self.problems.add(layer, f"not all its inputs ({names}) are quantized", fix)
        elif len({value.scale for value in values}) > 1 or len({value.type for value in values}) > 1:
            kinds = ", ".join(f"{value.type} * {value.scale:.6g}" for value in values)
            self.problems.add(layer, f"its inputs ({names}) come from separate quantizers ({kinds})", fix)
        elif len({value.shape[1:] for value in values}) > 1:
            self.problems.add(layer, f"its inputs ({names}) differ in size", "make height and width equal")
        else:
            return True
        return False

    def _global_pool(self, node: NodeProto, layer: str, value: Value) -> Value | None:
        attributes = _attributes(node)
        channels, height, width = value.shape
        whole = {
            "GlobalAveragePool": True,
            "AveragePool": list(attributes.get("kernel_shape", [])) == [height, width]
            and not any(attributes.get("pads", [0])),
            "ReduceMean": sorted(axis % 4 for axis in attributes.get("axes", [])) == [2, 3],
        }[node.op_type]
        if not whole:
            self.problems.add(
                layer, "it averages over windows, which has no hardware kind",
                "use MaxPool2d, or one average over the whole map (AdaptiveAvgPool2d(1)) at the end",
            )  # fmt: skip
            return None
        if value.open or value.affine is None:
            self.problems.add(layer, f"its input, from {value.operation}, is not quantized", _QUANTIZE)
            return None
        pixels = height * width
        low, high = value.low * pixels, value.high * pixels
        line = Affine(value.affine.scale / pixels, value.affine.bias)
        kind = IntType.holding(int(low.min()), int(high.max()))
        name = self._simple(layer, "global_acc_pool", value)
        return Value(name, (channels, 1, 1), kind, low, high, (line,))

    def _simple(self, layer: str, kind: str, *values: Value) -> str:
        name = self._unused(layer)
        self.operations[name] = Operation(name, kind, tuple(value.operation for value in values))
        return name

    # ---- arithmetic that moves into thresholds

    def _batch_norm(self, node: NodeProto, layer: str, value: Value) -> Value:
        gamma, beta, mean, variance = (self._constant(name).astype(np.float64) for name in node.input[1:5])
        factor = gamma / np.sqrt(variance + _attributes(node).get("epsilon", 1e-5))
        return value.followed_by(Affine(factor, beta - mean * factor))

    def _relu(self, node: NodeProto, layer: str, value: Value) -> Value:
        del node, layer
        return value.followed_by(Relu())

    def _scale_or_shift(self, node: NodeProto, layer: str, *values: Value) -> Value | None:
        if len(values) != 1:
            self.problems.add(layer, f"{node.op_type} of two computed maps has no hardware kind", "use a sum (bypass)")
            return None
        value = values[0]
        constants = [self._constant(name) for name in node.input]
        constant = next(number for number in constants if number is not None)
        channels = value.shape[0]
        if constant.size not in (1, channels) or (constant.size > 1 and constant.shape[-2:] != (1, 1)):
            self.problems.add(
                layer, f"its constant has the shape {constant.shape}", "use one number, or one per channel"
            )
            return None
        number = np.broadcast_to(constant.astype(np.float64).ravel(), channels)
        ones, zeros = np.ones(channels), np.zeros(channels)
        match node.op_type, constants[0] is not None:
            case "Add", _:
                return value.followed_by(Affine(ones, number))
            case "Sub", False:
                return value.followed_by(Affine(ones, -number))
            case "Sub", True:
                return value.followed_by(Affine(-ones, number))
            case "Mul", _:
                return value.followed_by(Affine(number, zeros))
            case "Div", False:
                return value.followed_by(Affine(1 / number, zeros))
        self.problems.add(layer, "it divides by a computed map", "divide by a constant")
        return None

    def _pass(self, node: NodeProto, layer: str, value: Value) -> Value:
        del node, layer
        return value

    def _unsupported(self, node: NodeProto, layer: str, *values: Value) -> None:
        del values
        fixes = {
            "MatMul": "multiply by constant, quantized weights (QuantLinear)",
            "Gemm": "use QuantLinear",
            "Reshape": "flatten only, before a fully connected layer",
            "Flatten": "flatten the whole map (start_dim=1)",
            "Softmax": "leave it out of the exported model: the order of the scores is the same without it",
            "LogSoftmax": "leave it out of the exported model: the order of the scores is the same without it",
            "Trunc": "use AdaptiveAvgPool2d(1) instead of TruncAvgPool2d",
        }
        fix = fixes.get(node.op_type, "use Conv2d, Linear, BatchNorm, ReLU, MaxPool2d, cat, add or a global average")
        self.problems.add(layer, f"the operator {node.op_type} has no hardware kind", fix)

    # ---- helpers

    def _constant(self, tensor: str) -> np.ndarray | None:
        return self.model.get_initializer(tensor) if tensor else None

    def _single_reader(self, tensor: str) -> bool:
        """Nobody else reads this tensor, nor anything between it and its convolution."""
        while True:
            producer = self.model.find_producer(tensor)
            if len(self.model.find_consumers(tensor)) > 1:
                return False
            if producer is None or producer.op_type == "Conv":
                return True
            tensor = next(name for name in producer.input if name in self.values)

    def _unused(self, name: str) -> str:
        count, unused = 2, name
        while unused in self.operations or unused == GRAPH_INPUT:
            unused = f"{name}_{count}"
            count += 1
        return unused

    def _explain_input(self, layer: str, value: Value) -> None:
        if value.operation == GRAPH_INPUT:
            self.problems.add(layer, "the input is scaled per channel", "scale it by one number for all channels")
        else:
            self.problems.add(layer, f"its input, from {value.operation}, is not quantized", _QUANTIZE)

    def _explain_scale(self, layer: str, value: Value, what: str) -> None:
        line = value.affine
        if line is None:
            self.problems.add(layer, f"{what} leave through a ReLU without a quantizer", _QUANTIZE)
        elif np.any(line.bias):
            self.problems.add(
                layer, f"{what} have a bias in floating point that no quantizer absorbs",
                "use bias=False (and no batch norm) in the last layer, or put a quantizer after it",
            )  # fmt: skip
        else:
            self.problems.add(
                layer, f"{what} differ in scale from class to class",
                "use weights with one scale per tensor in the last layer, or put a quantizer after it",
            )  # fmt: skip


def _attributes(node: NodeProto) -> dict[str, Any]:
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def _accumulator_bounds(weights: np.ndarray, value: Value) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and largest sum of products that each filter can reach, (O,) int64 each."""
    positive, negative = (np.clip(w, 0, None).sum(axis=(2, 3), dtype=np.int64) for w in (weights, -weights))
    return positive @ value.low - negative @ value.high, positive @ value.high - negative @ value.low


_HANDLERS: dict[str, Callable[..., Value | None]] = {
    "Quant": _Walk._quantize,
    "BipolarQuant": _Walk._quantize,
    "Conv": _Walk._convolution,
    "BatchNormalization": _Walk._batch_norm,
    "Relu": _Walk._relu,
    "MaxPool": _Walk._max_pool,
    "Concat": _Walk._concat,
    "Add": _Walk._add,
    "Sub": _Walk._scale_or_shift,
    "Mul": _Walk._scale_or_shift,
    "Div": _Walk._scale_or_shift,
    "GlobalAveragePool": _Walk._global_pool,
    "AveragePool": _Walk._global_pool,
    "ReduceMean": _Walk._global_pool,
    "Identity": _Walk._pass,
    "Dropout": _Walk._pass,
}
