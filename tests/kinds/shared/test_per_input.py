"""One parameter for all inputs: each number comes back from its place."""

from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.kinds.shared.per_input import WORD, packed


@given(st.lists(st.integers(-(1 << WORD - 1), (1 << WORD - 1) - 1), min_size=1, max_size=6))
def test_every_number_lies_in_its_own_word_in_twos_complement(numbers: list[int]) -> None:
    word = packed(numbers)
    fields = [word >> (WORD * port) & (1 << WORD) - 1 for port in range(len(numbers))]
    assert [field - (1 << WORD) * (field >> WORD - 1) for field in fields] == numbers
    assert word >> (WORD * len(numbers)) == 0
