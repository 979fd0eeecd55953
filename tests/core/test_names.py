"""Names of recipes and runs: what may be one, and what somebody's file becomes."""

import pytest

from hwcodesign.core.names import LONGEST, is_legal, made_legal


@pytest.mark.parametrize("name", ["digits-squeezenet", "a", "0", "Net_2.v1", "x" * LONGEST])
def test_legal(name: str) -> None:
    assert is_legal(name) and made_legal(name) == name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../sub", "/etc", "a/b", "a\\b", "-x", ".hidden", "a b", "grün", "a\n", "x$(touch P)", "x" * 65],
)
def test_illegal_and_what_a_file_of_that_name_becomes(name: str) -> None:
    assert not is_legal(name)
    assert is_legal(made_legal(name))
