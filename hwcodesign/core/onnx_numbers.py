"""The numbers of an ONNX graph: finite, and where zero, negative or huge ones have no meaning, none of these.

They are refused before anything computes with them: a stride of 0 ends ONNX's shape inference, and Python with it, by
SIGFPE; a batch norm without a variance, or a scale that is not a number, makes thresholds that no search ends on.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hwcodesign.core.layer_name import layer_name
from hwcodesign.core.onnx_nodes import every_node, raise_faults

MOST_SIDE = 65_536  # of a kernel, a padding, a feature map, a number of channels
MOST_ELEMENTS = 2**30  # in one input
MOST_BITS = 32
_QUANTIZERS = {"Quant": 3, "IntQuant": 3, "Trunc": 3, "BipolarQuant": None, "FloatQuant": None}  # which input: bits
_LINEAR_QUANTIZERS = ("QuantizeLinear", "DequantizeLinear")
_UNBOUNDED = ("Clip", "Max", "Min", "Where", "Pad")  # for these, infinity stands for no bound
_FROM_ONE = (
    "strides", "kernel_shape", "dilations", "group", "blocksize", "num_outputs", "num_groups", "hidden_size", "size",
)  # fmt: skip
_FROM_ZERO = ("pads", "output_padding")
_WINDOWED = ("Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool")


def require_numbers(graph: Any, path: Path) -> None:
    """Raise one UserError that names each number in `graph` that cannot be, with its layer and the cause.

    Constants that a graph computes are seen only once they are folded: ask again then.
    """
    constants = _constants(graph)
    faults = list(_in_shapes(graph))
    for node in every_node(graph):
        layer = layer_name(node)
        found = (*_in_attributes(node), *_not_finite(node, constants), *_impossible(node, constants))
        faults += [f"{layer}: {fault}" for fault in found]
    raise_faults(path, faults)


def _constants(graph: Any) -> dict[str, np.ndarray]:
    """The values of initializers and Constant nodes, by the name of the tensor; text left out."""
    from onnx import numpy_helper

    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in every_node(graph):
        if node.op_type == "Constant":
            for attribute in node.attribute:
                if attribute.name == "value":
                    found[node.output[0]] = numpy_helper.to_array(attribute.t)
                elif attribute.name in ("value_float", "value_floats", "value_int", "value_ints"):
                    value = list(attribute.floats) or list(attribute.ints) or attribute.f or attribute.i
                    found[node.output[0]] = np.asarray(value)
    return {name: value for name, value in found.items() if value.dtype.kind in "fiub"}


def _in_shapes(graph: Any) -> Iterator[str]:
    for tensor in graph.input:
        sides = [axis.dim_value for axis in tensor.type.tensor_type.shape.dim]
        if any(not 0 <= side <= MOST_SIDE for side in sides[1:]) or np.prod([s or 1 for s in sides], dtype=float) > (
            MOST_ELEMENTS
        ):
            yield f"the input {tensor.name!r} has the shape {sides}; a side is 1 to {MOST_SIDE:,}"


def _in_attributes(node: Any) -> Iterator[str]:
    for attribute in node.attribute:
        numbers = list(attribute.floats) or ([attribute.f] if attribute.type == attribute.FLOAT else [])
        if not np.all(np.isfinite(numbers)):
            yield f"its {attribute.name} is {_shown(numbers)}, which is no number"
        integers = list(attribute.ints) or ([attribute.i] if attribute.type == attribute.INT else [])
        least = 1 if attribute.name in _FROM_ONE else 0 if attribute.name in _FROM_ZERO else None
        if least is not None and node.op_type != "Pad" and any(not least <= n <= MOST_SIDE for n in integers):
            yield f"its {attribute.name} is {_shown(integers)}; allowed: {least} to {MOST_SIDE:,}"
    if node.op_type in _WINDOWED:
        yield from _window(node)


def _window(node: Any) -> Iterator[str]:
    """Attributes of one window that are not of as many axes."""
    given = {attribute.name: len(attribute.ints) for attribute in node.attribute}
    axes: dict[str, float] = {name: given[name] for name in ("kernel_shape", "strides", "dilations") if given.get(name)}
    axes |= {"pads": given["pads"] / 2} if given.get("pads") else {}
    if len(set(axes.values())) > 1:
        yield "its window has " + ", ".join(f"{name} for {count:g} axes" for name, count in axes.items())


def _not_finite(node: Any, constants: Mapping[str, np.ndarray]) -> Iterator[str]:
    for name in node.input:
        value = constants.get(name)
        if value is None or value.dtype.kind != "f":
            continue
        bad = np.isnan(value) if node.op_type in _UNBOUNDED else ~np.isfinite(value)
        if count := np.count_nonzero(bad):
            what = "not a number" if np.isnan(value).any() else "infinite"
            yield f"{count} of the {value.size} values of its constant {name!r} are {what}"


def _impossible(node: Any, constants: Mapping[str, np.ndarray]) -> Iterator[str]:
    inputs = [constants.get(name) for name in node.input]
    operator = node.op_type
    if operator in (*_QUANTIZERS, *_LINEAR_QUANTIZERS):
        yield from _quantizer_faults(operator, inputs)
    elif operator == "BatchNormalization" and len(inputs) > 4 and inputs[4] is not None:
        epsilon = next((a.f for a in node.attribute if a.name == "epsilon"), 1e-5)
        if epsilon < 0 or np.any(inputs[4] < 0) or np.any(inputs[4].astype(np.float64) + epsilon <= 0):
            yield f"its variance is {_shown(inputs[4])} and its epsilon {epsilon:g}; their sum must be above 0"
    elif operator == "Div" and len(inputs) > 1 and inputs[1] is not None and np.any(inputs[1] == 0):
        yield "it divides by a constant 0"
    elif operator == "Slice" and len(inputs) > 4 and inputs[4] is not None and np.any(inputs[4] == 0):
        yield "it takes steps of 0"
    elif operator == "Slice" and inputs and inputs[0] is not None and inputs[0].size == 0:
        yield "it cuts pieces from an empty constant"  # of which ONNX's shape inference dies


def _quantizer_faults(operator: str, inputs: list[np.ndarray | None]) -> Iterator[str]:
    scale = inputs[1] if len(inputs) > 1 else None
    port = _QUANTIZERS.get(operator)
    bits = inputs[port] if port is not None and port < len(inputs) else None
    # QONNX divides by the scale: a negative one turns the levels round. What only looks at signs has no such reading.
    turns = operator in ("Quant", "IntQuant") and bits is not None and np.all(bits > 1)
    if scale is not None and scale.size:
        alive = _of_weights_other_than_0(scale, inputs[0])
        wrong = np.any(alive == 0 if turns else alive <= 0)
    if scale is not None and (scale.size == 0 or wrong):
        yield f"its scale is {_shown(scale)}; a scale must be above 0"
    coarser = inputs[4] if operator == "Trunc" and len(inputs) > 5 else None
    if coarser is not None and not np.all(coarser > 0):
        yield f"its scale after truncation is {_shown(coarser)}; a scale must be above 0"
    if bits is not None and (bits.size == 0 or not np.all((bits >= 1) & (bits <= MOST_BITS))):
        yield f"its bit width is {_shown(bits)}; allowed: 1 to {MOST_BITS}"


def _of_weights_other_than_0(scale: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Of a filter that is 0 throughout, exporters write a scale of 0; all scales if they are not of constants."""
    try:
        found: np.ndarray = scale if weights is None else np.broadcast_to(scale, weights.shape)[weights != 0]
    except ValueError:  # of another shape, which lowering tells
        return scale
    return found


def _shown(values: Any) -> str:
    """One number; of several, the smallest and the largest."""
    numbers = np.asarray(values).ravel()
    if numbers.size == 0:
        return "empty"
    low, high = numbers.min(), numbers.max()
    return f"{low:g} to {high:g}" if low < high else f"{low:g}"
