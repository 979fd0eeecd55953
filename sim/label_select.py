"""Cases of label select: few and many classes, one to eight places, types with many equal scores."""

import numpy as np

from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.graph.builder import signed_holding
from hwcodesign.kinds import Folding

# For each rule of the kernel, parameters that break it.
BROKEN = {
    "in_bits_are_positive": {"IN_BITS": 0},
    "top_is_one_to_channels": {"TOP": 3},
    "out_bits_hold_an_index": {"CHANNELS": 3},
    "out_bits_hold_a_score": {"IN_SIGNED": 0},
}
# score type, classes, places
CASES = (
    ("int12", 10, 1),
    ("uint8", 10, 5),
    ("int2", 7, 3),
    ("bipolar", 5, 5),
    ("uint1", 20, 8),
    ("int8", 2, 1),
    ("int20", 3, 2),
    ("uint4", 17, 1),
)


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """One case for each line above, its lanes and data random."""
    del rng  # the scores are random, the shapes are few
    return [_case(IntType.parse(int_type), classes, top) for int_type, classes, top in CASES]


def _case(int_type: IntType, classes: int, top: int) -> tuple[Layer, Folding]:
    source = Stream((1, 1, classes), int_type)
    target = Stream((1, 1, classes + top), signed_holding(int_type.min, max(int_type.max, classes - 1)))
    return Layer("label_select", "label_select", (source,), (target,), {"top": top}), Folding(1)
