"""Elements packed into words."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.core.bit_packing import pack, unpack


def test_element_0_is_lowest() -> None:
    assert pack(np.array([[1, 2, 3]]), 4) == [0x321]


@given(st.integers(1, 70), st.integers(1, 9), st.integers(0, 2**32))
def test_unpack_inverts_pack(elements: int, bits: int, seed: int) -> None:
    codes = np.random.default_rng(seed).integers(0, 1 << bits, (3, elements))
    np.testing.assert_array_equal(unpack(pack(codes, bits), elements, bits), codes)


def test_packing_holds_the_widest_accumulators() -> None:
    codes = np.array([[(1 << 62) - 1, 0, 1 << 61]])
    np.testing.assert_array_equal(unpack(pack(codes, 62), 3, 62), codes)
