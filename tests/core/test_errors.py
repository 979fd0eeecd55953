"""Exit codes, and hints at the nearest legal choice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwcodesign.core.errors import (
    DivergedError,
    DoesNotFitError,
    UserError,
    VerificationError,
    did_you_mean,
    nearest_numbers,
)


@pytest.mark.parametrize(
    ("error", "code"), [(UserError, 2), (DivergedError, 2), (DoesNotFitError, 3), (VerificationError, 4)]
)
def test_exit_codes_are_those_of_the_readme(error: type[UserError], code: int) -> None:
    assert error("x").exit_code == code


def test_the_nearest_name_is_offered_only_where_one_is_near() -> None:
    assert did_you_mean("zcu140", ["zcu104", "kv260"]) == "did you mean 'zcu104'? (allowed: kv260, zcu104)"
    assert did_you_mean("", ["zcu104"]) == "(allowed: zcu104)"
    assert did_you_mean("LUTs", ["lut", "ff"]) == "did you mean 'lut'? (allowed: ff, lut)", "nearest whatever the case"
    assert did_you_mean(63, ["zcu104"]) == "(allowed: zcu104)", "a recipe may have a number in a name's place"


@given(st.integers(-50, 50), st.sets(st.integers(-50, 50), min_size=1))
def test_no_number_left_out_is_nearer_than_one_given(value: int, allowed: set[int]) -> None:
    given_ = nearest_numbers(value, allowed)
    assert given_ == sorted(given_) and len(given_) == min(2, len(allowed))
    left = allowed - set(given_)
    assert not left or min(abs(x - value) for x in left) >= max(abs(x - value) for x in given_)
