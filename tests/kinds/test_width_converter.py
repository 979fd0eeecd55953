"""Width converter: cycles of its narrower side, and the ratios it refuses."""

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import IntType, Layer, Stream
from hwcodesign.kinds import Folding, kind_of

STREAM = Stream((2, 2, 12), IntType(2, signed=False))
CONVERTER = kind_of("width_converter")


def converter(in_lanes: int, out_lanes: int) -> Layer:
    attributes = {"in_lanes": in_lanes, "out_lanes": out_lanes}
    return Layer("a.to.b.width", "width_converter", (STREAM,), (STREAM,), attributes)


@pytest.mark.parametrize(("in_lanes", "out_lanes", "cycles"), [(2, 6, 24), (6, 2, 24), (1, 12, 48), (12, 4, 12)])
def test_takes_the_beats_of_its_narrower_side(in_lanes: int, out_lanes: int, cycles: int) -> None:
    layer = converter(in_lanes, out_lanes)
    CONVERTER.check(layer)
    assert CONVERTER.cycles(layer, Folding()) == cycles


def test_refuses_lanes_that_do_not_divide_and_names_the_way_round() -> None:
    with pytest.raises(UserError, match=r"cannot convert 4 to 6 elements a beat.*through 12 in two steps"):
        CONVERTER.check(converter(6, 4))


def test_refuses_equal_lanes() -> None:
    with pytest.raises(UserError, match=r"they must differ"):
        CONVERTER.check(converter(3, 3))


def test_refuses_a_frame_that_ends_within_a_beat() -> None:
    with pytest.raises(UserError, match=r"48 elements is no whole number of 5"):
        CONVERTER.check(converter(1, 5))
