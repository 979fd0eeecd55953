"""The map that leaves is the one that came in, in a signed type."""

from dataclasses import replace

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding, kind_of

OUTPUT = kind_of("map_output")


def scores(name: str) -> Layer:
    source = Stream((2, 3, 4), IntType.parse(name))
    layer = Layer("scores", "map_output", (source,), (source,))
    return replace(layer, outputs=(OUTPUT.output(layer),))


@pytest.mark.parametrize(("name", "leaves"), [("uint8", "int9"), ("int5", "int5"), ("bipolar", "int2")])
def test_nothing_changes_but_the_type(name: str, leaves: str) -> None:
    layer = scores(name)
    assert str(layer.output.type) == leaves and (layer.output.low, layer.output.high) == (
        layer.input.low,
        layer.input.high,
    )
    frames = layer.input.type.decode(np.random.default_rng(1).integers(0, 2**layer.input.type.bits, (2, 2, 3, 4)))
    assert np.array_equal(OUTPUT.run(layer, [frames])[0], frames)
    assert OUTPUT.foldings(layer) == [Folding(1)] and OUTPUT.cycles(layer, Folding(1)) == 24
    OUTPUT.check(layer)


def test_refuses_another_type() -> None:
    with pytest.raises(UserError, match=r"scores: what leaves is \(2, 3, 4\) int9, not \(2, 3, 4\) uint8"):
        OUTPUT.check(replace(scores("uint8"), outputs=(Stream((2, 3, 4), IntType(8, signed=False)),)))
