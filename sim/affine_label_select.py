"""Cases of label select with keys: one to eight places, scales of both signs and of none, biases, many equal keys."""

import numpy as np

from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.graph.builder import signed_holding
from hwcodesign.kinds import Folding
from hwcodesign.kinds.shared.score_keys import keys_of

# For each rule of the kernel, parameters that break it.
BROKEN = {
    "bits_are_positive": {"KEY_BITS": 0},
    "top_is_one_to_channels": {"TOP": 3},
    "out_bits_hold_an_index": {"CHANNELS": 3},
    "out_bits_hold_a_score": {"IN_SIGNED": 0},
}
# score type, classes, places, scales and biases
CASES = (
    ("int12", 10, 1, "real"),
    ("uint8", 10, 5, "one scale"),
    ("int2", 7, 3, "small"),
    ("bipolar", 5, 5, "small"),
    ("uint1", 20, 8, "small"),
    ("int8", 1, 1, "real"),
    ("int20", 3, 2, "real"),
    ("uint4", 17, 1, "falling"),
    ("int16", 120, 1, "real"),
)


def cases(rng: np.random.Generator) -> list[tuple[Layer, Folding]]:
    """One case for each line above; see sim/bench.py."""
    return [_case(rng, IntType.parse(int_type), *rest) for int_type, *rest in CASES]


def _case(rng: np.random.Generator, int_type: IntType, classes: int, top: int, how: str) -> tuple[Layer, Folding]:
    source = Stream((1, 1, classes), int_type)
    target = Stream((1, 1, classes + top), signed_holding(int_type.min, max(int_type.max, classes - 1)))
    scale = {
        "real": rng.random(classes) * np.float32(0.1),
        "one scale": np.full(classes, 0.037),
        "small": rng.integers(-2, 3, classes) / 4,
        "falling": np.full(classes, -0.2),
    }[how]
    bias = rng.integers(-3, 4, classes) / 2 if how == "small" else rng.normal(0, 3, classes)
    keys = keys_of(scale.tolist(), bias.tolist(), [int_type.min] * classes, [int_type.max] * classes)
    attributes = {"top": top, "factors": keys.factors, "offsets": keys.offsets, "key_bits": keys.bits}
    return Layer("label_select", "affine_label_select", (source,), (target,), attributes), Folding(1)
