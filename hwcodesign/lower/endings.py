"""The network's end: what its integer scores mean, and what of its last functions is left to the host."""

from dataclasses import dataclass, replace
from math import isqrt

import numpy as np

from hwcodesign.core.score_map import Function
from hwcodesign.lower.activations import root, settled, turned
from hwcodesign.lower.file_network import Node
from hwcodesign.lower.layout import LAYOUTS
from hwcodesign.lower.operation import GRAPH_INPUT
from hwcodesign.lower.parts import arranged, order_of
from hwcodesign.lower.values import Function as Step
from hwcodesign.lower.values import Value
from hwcodesign.lower.walk import Walk

# They keep the order of the scores; the host computes them, or the hardware's choice of a class is what they give.
ENDINGS = ("Softmax", "LogSoftmax", "ArgMax", "TopK", "Hardmax")
_HOST: dict[str, Function] = {"Softmax": "softmax", "Sigmoid": "sigmoid"}


@dataclass(frozen=True)
class Scores:
    """Real score = integer * `scale` + `bias` (classes,) float64, then `function` ("", "softmax" or "sigmoid").

    `operation` makes the integers, from `low` to `high` (classes,).
    """

    operation: str
    scale: np.ndarray
    bias: np.ndarray
    low: np.ndarray
    high: np.ndarray
    function: Function


def ends(walk: Walk, node: Node) -> bool:
    """Whether nothing but moving elements about, and other endings, comes after the node."""
    readers = walk.network.readers()
    waiting = list(node.outputs)
    while waiting:
        for reader in readers.get(waiting.pop(), ()):
            if reader.operator not in (*LAYOUTS, *ENDINGS):
                return False
            waiting.extend(reader.outputs)
    return True


def note_choice(walk: Walk, node: Node) -> None:
    """Note what an ending does that is no choice of the best of all classes."""
    value, given = walk.tensors.get(node.inputs[0]), node.attributes
    if given.get("largest", 1) == 0 or given.get("select_last_index", 0):
        wanted = "lowest score" if given.get("largest", 1) == 0 else "last of equal scores"
        walk.note(node, f"it picks the {wanted}", "let it pick the first highest score, the class that hardware names")
    if not isinstance(value, Value) or value.shape[1:] != (1, 1):
        return
    flattens = node.operator not in ("ArgMax", "TopK") and walk.network.opset < 13
    axis = int(given.get("axis", 0 if node.operator == "ArgMax" else 1 if flattens else -1)) % value.place.ndim
    seen = int(np.prod(value.place.shape[axis:])) if flattens else value.place.shape[axis]
    if seen != value.place.size:
        cause = f"its axis {axis} holds {seen} of the {value.place.size} scores"
        walk.note(
            node, cause, f"let it work along axis {int(np.argmax(value.place.shape))}, that of the classes", value
        )


def scores_of(walk: Walk, value: Value, ending: str) -> Scores | None:
    """What the integers of the last layer mean; None after noting why they cannot leave the hardware."""
    note = walk.problems.add
    steps, function = value.steps, _HOST.get(ending, "")
    last = steps[-1]
    if isinstance(last, Step) and last.name == "Sigmoid" and not ending:
        value, function = _without_last(value), "sigmoid"
    last_node = walk.network.nodes[-1]
    value = settled(walk, last_node, value)
    if value.padded:
        note(
            last_node.layer, f"its scores are padded with {value.fill:g}", "leave the padding out of the exported model"
        )
        return None
    if value.shape[1:] == (1, 1):  # whatever their axes
        value = replace(value, place=value.place.reshape(1, -1))
    if not value.open or value.alone:
        value = arranged(walk, last_node, _as_map(value))
    if value.open and value.alone and root(walk, value) is not None:
        value = turned(walk, value, value.signs)
    line = value.affine
    if value.operation == GRAPH_INPUT:
        note(last_node.layer, "its scores are the image itself", "put a layer between input and output")
    elif value.shape[1:] != (1, 1) and (ending or function):
        cause = f"{ending or function} of a feature map of {value.shape[1]} x {value.shape[2]} pixels"
        note(last_node.layer, cause, "leave it out of the exported model: the scores of all pixels leave without it")
    elif not _in_order(value):
        fix = (
            "leave them in the order of the last layer, (channels, height, width), or flatten (height, width, channels)"
        )
        note(value.operation, "its scores are reordered after it", fix)
    elif value.terms:
        note(last_node.layer, "its scores are a sum from separate quantizers", "put a quantizer after the sum")
    elif line is None:
        name = steps[-1].name if isinstance(steps[-1], Step) else "function"
        article = {"Relu": "a ReLU"}.get(name, f"a {name}")
        fix = "put a QuantReLU at the end" if name == "Relu" else "leave it out, or put a quantizer behind it"
        note(value.operation, f"its scores leave through {article} without a quantizer", fix)
    else:
        return Scores(value.operation, line.scale, line.bias, value.low, value.high, function)
    return None


def _as_map(value: Value) -> Value:
    """Scores that were flattened as hardware gives them, channels innermost, with the axes of a map again."""
    channels, height, width = value.shape
    if value.place.ndim != 2 or (height, width) == (1, 1) or _in_order(value):
        return value
    for factor in range(1, isqrt(channels) + 1):
        if value.place.size % (height * width * factor**2) == 0:
            place = np.moveaxis(value.place.reshape(1, height * factor, width * factor, -1), -1, 1)
            if order_of(place, value.shape, (factor, factor)) is not None:
                return replace(value, place=place)
    return value


def _in_order(value: Value) -> bool:
    """Whether the elements come as those of the map, or flattened as hardware gives them: channels innermost."""
    if value.place.size != np.prod(value.shape):
        return False
    places = np.arange(value.place.size).reshape(value.shape)
    order = places if value.place.ndim > 2 or value.shape[1:] == (1, 1) else places.transpose(1, 2, 0)
    return np.array_equal(value.place.ravel(), order.ravel())


def _without_last(value: Value) -> Value:
    return replace(value, steps=value.steps[:-1])
