"""The round of a kernel that works pixel by pixel: every beat in and out, in as many steps as the slower side has."""

from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.kinds.motion import Buffer, turns


@given(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9), st.booleans())
def test_turns(ports: int, few: int, times: int, narrowing: bool) -> None:
    beats_in, beats_out = (few * times, few) if narrowing else (few, few * times)
    segments = list(turns(ports, beats_in, beats_out))
    steps = sum(often for *_, often in segments)
    taken = sum(often for mask, _, often in segments if mask)
    given_out = sum(often for _, gives, often in segments if gives)
    assert {mask for mask, _, often in segments if often} <= {0, (1 << ports) - 1}
    assert taken * beats_out == given_out * beats_in
    assert steps == max(taken, given_out)


def test_what_a_buffer_saves_at_most() -> None:
    assert Buffer("a", 3, 10, 4, 5).saving == 7 * 4 * 5
