"""What an ONNX file means, worked out on the file itself: nothing that lowers, plans or emits has a hand in it.

Its nodes run one after the other, as in QONNX's executor: quantizers by QONNX's own functions, all other operators by
ONNX's reference implementation, but windows by numpy, since that one takes minutes for them. Weights are quantized once
in float32, as training saw them; everything that depends on the image is float64, so that no activation falls on the
wrong side of a rounding boundary.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hwcodesign.core.errors import VerificationError
from hwcodesign.core.onnx_nodes import without_attributes
from hwcodesign.core.score_map import ScoreMap
from hwcodesign.lower.execute import affine_scores, channels_last_tensors, in_axes_of

QUANTIZERS = ("Quant", "IntQuant", "BipolarQuant", "Trunc")
LARGEST_REST = 1e-3  # of a step, between a real score and the integer that it stands for

Values = dict[str, np.ndarray]
Operator = Callable[..., Sequence[np.ndarray]]  # of a node's inputs (None: left out), its outputs


class OriginalFile:
    """The network in an ONNX file: real input = integer * `input_scale`, and integer scores as `score_map` has them."""

    def __init__(self, path: Path, input_scale: float, score_map: ScoreMap) -> None:
        """Raises UserError if `path` is no ONNX file."""
        from onnx import numpy_helper

        from hwcodesign.core.onnx_file import load_model

        model = load_model(path)
        self._graph, self._path = model.graph, path
        self._input_scale, self._score_map = input_scale, score_map
        self._scores = affine_scores(self._graph, score_map)
        self._opsets = {opset.domain: opset.version for opset in model.opset_import}
        self._constants: Values = {t.name: numpy_helper.to_array(t) for t in self._graph.initializer}
        (self._input,) = (tensor for tensor in self._graph.input if tensor.name not in self._constants)
        self._nodes = [(node, self._operator(node)) for node in self._graph.node if not self._constant(node)]

    def scores(self, frames: np.ndarray, on_frames: Callable[[int], None] = lambda done: None) -> np.ndarray:
        """The scores (N, classes), int64, in the steps of the contract, of integer `frames` (N, H, W, C).

        Raises VerificationError if the file cannot be run, or a score lies between two steps.
        """
        found = []
        for done, frame in enumerate(frames, 1):
            found.append(self._integers(self._score_map.in_order(self._run(frame)[self._scores])))
            on_frames(done)
        return np.array(found, dtype=np.int64)

    def levels(self, frame: np.ndarray) -> Mapping[str, np.ndarray]:
        """For one frame (H, W, C), what quantizers give as integers (H, W, C), by the layer that each belongs to."""
        from hwcodesign.core.layer_name import layer_name

        values, found, last = self._run(frame), {}, channels_last_tensors(self._graph)
        for node, _ in self._nodes:
            if node.op_type in QUANTIZERS and node.input[1] in self._constants:
                level = _levels(values[node.output[0]], self._constants[node.input[1]])
                axes = level.shape[-3:] if level.ndim > 3 else level.shape[1:]
                maps = level.astype(np.int64).reshape(*axes, *(1,) * (3 - len(axes)))
                found[layer_name(node)] = maps if node.output[0] in last else maps.transpose(1, 2, 0)
        return found

    def _integers(self, real: np.ndarray) -> np.ndarray:
        steps = self._score_map.steps(real)
        nearest: np.ndarray = np.rint(steps)
        between = ~(np.abs(steps - nearest) <= LARGEST_REST)  # so that what is not a number counts, too
        if np.any(between):
            at = int(np.argmax(between))
            raise VerificationError(
                f"{self._path}: score {at} is {real[at]:g}, which lies between two steps of the lowered network's "
                "score: lowering gave the network another meaning"
            )
        return nearest

    def _run(self, frame: np.ndarray) -> Values:
        """All tensors that depend on the frame (H, W, C)."""
        real = np.asarray(frame, dtype=np.float64)[None] * self._input_scale
        values: Values = {self._input.name: in_axes_of(self._graph, self._input, real)}
        for node, operator in self._nodes:
            known = [values.get(name, self._constants.get(name)) for name in node.input]
            if node.op_type == "Reshape" and len(known) > 1:
                known[1] = self._of_one_frame(known[1])
            try:
                results = operator(*(value if value is None else _wide(value) for value in known))
            except Exception as error:  # of many kinds, by what a foreign file holds
                raise VerificationError(
                    f"{self._path}: {node.name or node.op_type} cannot be worked out from the file itself, so that "
                    f"there is nothing to compare the lowered network with: {error!r}"
                ) from error
            values |= zip(node.output, results, strict=False)
        return values

    def _of_one_frame(self, shape: np.ndarray | None) -> np.ndarray | None:
        """A shape that a file with a batch of several makes, with one frame in place of them."""
        batch = self._input.type.tensor_type.shape.dim[0].dim_value
        if shape is None or batch < 2 or not shape.size or shape[0] != batch:
            return shape
        return np.concatenate([np.ones(1, shape.dtype), shape[1:]])

    def _constant(self, node: Any) -> bool:
        """Whether the node's results are constants, which are kept: of weights, levels by float32 times the scale."""
        if not all(name in self._constants for name in node.input if name):
            return False
        inputs = [self._constants.get(name) for name in node.input]
        with np.errstate(divide="ignore", invalid="ignore"):  # a scale of 0 is that of a filter that is 0 throughout
            results = self._operator(node)(*inputs)
            if node.op_type in QUANTIZERS and inputs[1] is not None:
                levels, scale = _levels(results[0], inputs[1]), inputs[1].astype(np.float64)
                results = [np.where(scale == 0, 0.0, levels * scale)]
        self._constants |= zip(node.output, results, strict=False)
        return True

    def _operator(self, node: Any) -> Operator:
        if not node.domain.endswith("channels_last"):
            return self._plain_operator(node)
        plain = type(node)()
        plain.CopyFrom(node)
        plain.domain = ""
        operator, moved = self._plain_operator(plain), 2 if node.op_type == "Conv" else 1  # of a Conv its weights, too

        def between(*inputs: np.ndarray) -> Sequence[np.ndarray]:
            first = (np.moveaxis(x, -1, 1) for x in inputs[:moved])
            return [np.moveaxis(result, 1, -1) for result in operator(*first, *inputs[moved:])]

        return between

    def _plain_operator(self, node: Any) -> Operator:
        from onnx import helper

        attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        if node.op_type in QUANTIZERS:
            return _quantizer(node.op_type, attributes)
        if node.op_type == "BatchNormalization":  # ONNX's own takes a momentum for a training that goes on
            return lambda *inputs: [_batch_norm(attributes, *inputs)]
        if node.op_type == "Resize" and len(node.input) == 2:  # of opset 10
            return _repeated
        if node.op_type == "Resize" and attributes.get("mode", b"nearest") == b"nearest":
            return _nearest(self._by_onnx(without_attributes(node, "axes")), attributes.get("axes"))
        by_onnx = self._by_onnx(node)
        if node.op_type not in _WINDOWED:
            return by_onnx
        by_numpy = _WINDOWED[node.op_type]

        def either(x: np.ndarray, *constants: np.ndarray) -> Sequence[np.ndarray]:
            return [by_numpy(attributes, x, *constants)] if _is_plain(x, attributes) else by_onnx(x, *constants)

        return either

    def _by_onnx(self, node: Any) -> Operator:
        from onnx import helper
        from onnx.reference import ReferenceEvaluator

        sides = (node.input, node.output)
        ends = [[helper.make_empty_tensor_value_info(name) for name in side if name] for side in sides]
        evaluator = ReferenceEvaluator(helper.make_graph([node], "node", *ends), opsets=self._opsets)

        def run(*inputs: np.ndarray) -> Sequence[np.ndarray]:
            fed = {name: value for name, value in zip(node.input, inputs, strict=True) if name}
            found: Sequence[np.ndarray] = evaluator.run(None, fed)
            return found

        return run


def _nearest(by_onnx: Operator, axes: Sequence[int] | None) -> Operator:
    """Resize of maps by the nearest neighbour: which pixels it takes, ONNX says along each axis; numpy takes them.

    `axes` are those that the file's constants are for, if they are not for all; those of `by_onnx` are for all.
    ONNX's implementation works pixel by pixel.
    """

    def run(x: np.ndarray, *constants: np.ndarray) -> Sequence[np.ndarray]:
        for axis in range(2, x.ndim):
            line = np.arange(x.shape[axis], dtype=np.float64).reshape([-1 if at == axis else 1 for at in range(x.ndim)])
            told = [at % x.ndim for at in (range(x.ndim) if axes is None else axes)]
            along = list(constants)
            for at, numbers in enumerate(constants):  # roi, scales, sizes
                if numbers is not None and numbers.size == len(told):
                    along[at] = np.array(line.shape if at == 2 else (1,) * x.ndim, numbers.dtype)
                    along[at][axis] = dict(zip(told, numbers, strict=True)).get(axis, along[at][axis])
            (places,) = by_onnx(line, *along)
            x = x.take(places.astype(int).ravel(), axis)
        return [x]

    return run


def _repeated(x: np.ndarray, scales: np.ndarray) -> Sequence[np.ndarray]:
    """Resize before opset 11, by whole numbers: every pixel so many times."""
    for axis, scale in enumerate(scales):
        x = x.repeat(int(scale), axis)
    return [x]


def _wide(value: np.ndarray) -> np.ndarray:
    return value.astype(np.float64) if value.dtype.kind == "f" else value


def _levels(real: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The integers, as float64, that quantized values stand for."""
    levels: np.ndarray = np.rint(real.astype(np.float64) / scale.astype(np.float64))
    return levels


def _quantizer(operator: str, attributes: Mapping[str, Any]) -> Operator:
    from qonnx.custom_op.general import bipolar_quant, intquant, trunc

    if operator == "BipolarQuant":
        return lambda x, scale: [bipolar_quant.binary_quant(x, scale)]
    default = b"FLOOR" if operator == "Trunc" else b"ROUND"
    rounding = attributes.get("rounding_mode", default).decode()
    signed, narrow = attributes.get("signed", 1), attributes.get("narrow", 0)
    if operator == "Trunc":
        return lambda *inputs: [
            trunc.trunc_v1(*inputs, rounding)
            if len(inputs) == 5
            else trunc.trunc_v2(*inputs[:4], narrow, signed, *inputs[4:], rounding)
        ]
    return lambda x, scale, zero, bits: [intquant.int_quant(x, scale, zero, bits, signed, narrow, rounding)]


def _is_plain(x: np.ndarray, attributes: Mapping[str, Any]) -> bool:
    """Whether the operators below cover this: two axes, padding in numbers, no gaps in a window."""
    padded = attributes.get("auto_pad", b"NOTSET") == b"NOTSET"
    return padded and x.ndim == 4 and set(attributes.get("dilations", ())) <= {1}


def _windows(x: np.ndarray, kernel: Sequence[int], attributes: Mapping[str, Any], fill: float) -> np.ndarray:
    """(1, C, rows, columns, kernel rows, kernel columns): what the kernel sees at each of its places."""
    top, left, bottom, right = attributes.get("pads") or (0, 0, 0, 0)
    down, across = attributes.get("strides") or (1, 1)
    padded = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=fill)
    return np.lib.stride_tricks.sliding_window_view(padded, tuple(kernel), (2, 3))[:, :, ::down, ::across]


def _convolution(
    attributes: Mapping[str, Any], x: np.ndarray, weights: np.ndarray, bias: np.ndarray | None = None
) -> np.ndarray:
    groups = attributes.get("group", 1)
    seen = np.split(_windows(x, weights.shape[2:], attributes, 0.0), groups, axis=1)
    filters = np.split(weights, groups)
    parts = [np.tensordot(s, f, ((1, 4, 5), (1, 2, 3))) for s, f in zip(seen, filters, strict=True)]
    result: np.ndarray = np.concatenate(parts, axis=3).transpose(0, 3, 1, 2)
    return result if bias is None else result + bias[:, None, None]


def _max_pool(attributes: Mapping[str, Any], x: np.ndarray) -> np.ndarray:
    """With ceil_mode also of windows that the border cuts off, but for those that would begin in the padding behind it.

    ONNX's shape inference and its reference count these, too; PyTorch and onnxruntime do not.
    """
    kernel, steps = attributes["kernel_shape"], attributes.get("strides") or (1, 1)
    pads = list(attributes.get("pads") or (0, 0, 0, 0))
    for axis, side in enumerate(x.shape[2:] if attributes.get("ceil_mode") else ()):
        begins = range(-pads[axis], min(side + pads[axis + 2] - kernel[axis] + steps[axis], side), steps[axis])
        pads[axis + 2] = max(pads[axis + 2], begins[-1] + kernel[axis] - side)
    result: np.ndarray = _windows(x, kernel, {**attributes, "pads": pads}, -np.inf).max((4, 5))
    return result


def _batch_norm(attributes: Mapping[str, Any], x: np.ndarray, *constants: np.ndarray) -> np.ndarray:
    gamma, beta, mean, variance = (part.reshape(-1, *(1,) * (x.ndim - 2)) for part in constants)
    result: np.ndarray = (x - mean) / np.sqrt(variance + attributes.get("epsilon", 1e-5)) * gamma + beta
    return result


_WINDOWED: Mapping[str, Callable[..., np.ndarray]] = {"Conv": _convolution, "MaxPool": _max_pool}
