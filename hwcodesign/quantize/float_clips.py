"""ReLU and its like in a file: what clips at 0, at a number above, or at both."""

from collections.abc import Sequence

import numpy as np

from hwcodesign.lower.file_network import Node
from hwcodesign.lower.values import Constant

CLIPS = ("Relu", "Clip", "Max", "Min")
RECTIFIERS = "use ReLU, ReLU6, LeakyReLU; before Brevitas's quantizers, any function that never falls (import QONNX)"


def ends_of(node: Node, inputs: Sequence[object]) -> tuple[float, float]:
    """What a node of CLIPS leaves: from the lower to the upper end; NaN where that is no one constant."""
    numbers = [t.real.item() if isinstance(t, Constant) and t.real.size == 1 else np.nan for t in inputs]
    match node.operator:
        case "Relu":
            return 0.0, np.inf
        case "Max" | "Min" if len(inputs) == 2:
            constant = numbers[isinstance(inputs[1], Constant)]
            return (constant, np.inf) if node.operator == "Max" else (-np.inf, constant)
        case "Clip":
            ends = [node.attributes.get("min", -np.inf), node.attributes.get("max", np.inf)]
            for side, name in enumerate(node.inputs[1:]):
                ends[side] = numbers[1 + side] if name else ends[side]
            return ends[0], ends[1]
    return np.nan, np.nan


LEAKS = ("LeakyRelu", "PRelu")


def leak_of(node: Node, inputs: Sequence[object]) -> float:
    """The slope below 0 of a node of LEAKS, in as few digits as tell it from other float32 ones.

    NaN where channels have slopes of their own, or it is computed.
    """
    slopes = np.full(1, node.attributes.get("alpha", 0.01))
    if node.operator == "PRelu":
        slopes = inputs[1].real if isinstance(inputs[1], Constant) else np.full(1, np.nan)
    return float(str(np.float32(slopes.flat[0]))) if np.all(slopes == slopes.flat[0]) else np.nan


def end_of(most: float) -> float | None:
    """Where a ReLU ends, as a node has it: None if it does not."""
    return None if most == np.inf else most
