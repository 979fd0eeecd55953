"""ReLU and its like in a file: what clips at 0, at a number above, or at both."""

from collections.abc import Sequence

import numpy as np

from hwcodesign.lower.file_network import Node
from hwcodesign.lower.values import Constant

CLIPS = ("Relu", "Clip", "Max", "Min")


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


def end_of(most: float) -> float | None:
    """Where a ReLU ends, as a node has it: None if it does not."""
    return None if most == np.inf else most
