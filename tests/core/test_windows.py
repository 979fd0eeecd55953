"""Window positions against counting them."""

from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.core.windows import window_positions


@given(st.integers(1, 20), st.integers(1, 5), st.integers(1, 4), st.integers(0, 3), st.integers(0, 3))
def test_every_whole_window_counts(size: int, kernel: int, stride: int, before: int, after: int) -> None:
    firsts = range(-before, size + after - kernel + 1, stride)
    if size + before + after >= kernel:
        assert window_positions(size, kernel, stride, before, after) == len(firsts)
