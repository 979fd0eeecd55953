"""Integer types."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.core.integers import Interval, IntType

TYPES = st.builds(IntType, st.integers(1, 62), st.booleans())


@given(TYPES)
def test_a_type_survives_its_text(kind: IntType) -> None:
    assert IntType.parse(str(kind)) == kind


@given(TYPES, st.integers(0, 2**62))
def test_decode_inverts_encode(kind: IntType, seed: int) -> None:
    span = kind.max - kind.min
    values = np.array([kind.min, kind.max, kind.min + seed % (span + 1)])
    if kind.bipolar:
        values = values[values != 0]
    codes = kind.encode(values)
    assert codes.min() >= 0 and codes.max() < 2**kind.bits
    assert np.array_equal(kind.decode(codes), values)


@given(st.integers(-(2**40), 2**40), st.integers(0, 2**40))
def test_holding_is_the_narrowest(low: int, span: int) -> None:
    kind = IntType.holding(low, low + span)
    assert kind.min <= low and low + span <= kind.max and not kind.bipolar
    if kind.bits > (2 if kind.signed else 1):
        narrower = IntType(kind.bits - 1, kind.signed)
        assert low < narrower.min or low + span > narrower.max


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=2), st.integers(1, 9), st.integers(-99, 99))
def test_an_interval_holds_its_sums_and_no_more(ends: list[int], count: int, value: int) -> None:
    interval = Interval(min(ends), max(ends))
    assert interval.times(count).low == sum([interval.low] * count)
    assert interval + interval == interval.times(2)
    wider = interval.including(value)
    assert wider.low <= value <= wider.high and {wider.low, wider.high} <= {interval.low, interval.high, value}
    assert wider.type.min <= wider.low and wider.high <= wider.type.max
    assert wider.signed_type.signed
