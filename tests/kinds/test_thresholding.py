"""The stand-alone quantizer's reference, and the thresholds that its hardware compares codes with."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding, kind_of
from hwcodesign.kinds.shared.threshold_unit import step_count

THRESHOLDING = kind_of("thresholding")
TYPES = st.sampled_from(["bipolar", "uint1", "int2", "uint3", "int4", "uint4"]).map(IntType.parse)


def make(source: IntType, target: IntType, rng: np.random.Generator, channels: int = 3) -> Layer:
    count = step_count(target)
    thresholds = np.sort(rng.integers(source.min - 2, source.max + 4, (channels, count)), axis=1)
    shape = (2, 3, channels)
    return Layer(
        "quantizer",
        "thresholding",
        (Stream(shape, source),),
        (Stream(shape, target),),
        {"thresholds": count},
        {"thresholds": thresholds},
    )


@given(TYPES, TYPES, st.integers(0, 99))
def test_run_and_rom_both_count_thresholds(source: IntType, target: IntType, seed: int) -> None:
    """Over every value of the input type: what run gives is what comparing codes with the ROM's words gives."""
    layer = make(source, target, np.random.default_rng(seed))
    THRESHOLDING.check(layer)
    values = [-1, 1] if source.bipolar else list(range(source.min, source.max + 1))
    bits = THRESHOLDING.parameters(layer, Folding(1))["THRESHOLD_BITS"]
    words = THRESHOLDING.images(layer, Folding(1))["thresholds"].words
    for value in values:
        outputs = THRESHOLDING.run(layer, [np.full((1, 2, 3, 3), value)])[0]
        code = (value + 1) // 2 if source.bipolar else value
        for channel, word in enumerate(words):
            kind = IntType(bits, source.signed and not source.bipolar)
            stored = kind.decode(np.array([word >> t * bits & (1 << bits) - 1 for t in range(step_count(target))]))
            reached = int((code >= stored).sum())
            expected = 2 * reached - 1 if target.bipolar else target.min + reached
            assert (outputs[..., channel] == expected).all()
            assert reached == sum(value >= t for t in layer.tensors["thresholds"][channel].tolist())


def test_memory_is_the_image_and_needs_no_tensors() -> None:
    layer = make(IntType(8, False), IntType(4, False), np.random.default_rng(0), channels=6)
    for folding in THRESHOLDING.foldings(layer):
        (memory,) = THRESHOLDING.memories(replace(layer, tensors={}), folding)
        image = THRESHOLDING.images(layer, folding)["thresholds"]
        assert (len(image.words), image.width) == (memory.words, memory.width)
        assert memory.bits == 6 * 15 * 9, "one bit more than the input: a threshold that is never reached"


def test_cycles() -> None:
    layer = make(IntType(8, False), IntType(4, False), np.random.default_rng(0), channels=6)
    assert [THRESHOLDING.cycles(layer, f) for f in THRESHOLDING.foldings(layer)] == [36, 18, 12, 6]


def test_refuses() -> None:
    layer = make(IntType(8, False), IntType(4, False), np.random.default_rng(0))
    with pytest.raises(UserError, match=r"quantizer: .*15 thresholds, not 3"):
        THRESHOLDING.check(replace(layer, attributes={"thresholds": 3}))
    with pytest.raises(UserError, match=r"quantizer: .*keeps the shape"):
        THRESHOLDING.check(replace(layer, outputs=(Stream((1, 3, 3), IntType(4, False)),)))
    with pytest.raises(UserError, match=r"quantizer: .*channel 1 must rise"):
        falling = np.tile(np.arange(15), (3, 1))
        falling[1, 4] = 9
        THRESHOLDING.check(replace(layer, tensors={"thresholds": falling}))
