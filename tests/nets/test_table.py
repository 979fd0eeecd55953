"""Families and their metaparameters for a terminal."""

import dataclasses
import io

import pytest
from rich.console import Console

from hwcodesign.core.errors import UserError
from hwcodesign.nets import families
from hwcodesign.nets.table import families_table, metaparameters_table


def shown(table: object) -> str:
    screen = Console(file=io.StringIO(), width=200)
    screen.print(table)
    return screen.file.getvalue()  # type: ignore[attr-defined]


def test_every_family_is_listed() -> None:
    text = shown(families_table())
    assert all(name in text for name in families())


@pytest.mark.parametrize("name", families())
def test_every_metaparameter_has_its_default_or_must_be_given(name: str) -> None:
    text = shown(metaparameters_table(name))
    for field in dataclasses.fields(families()[name]):  # type: ignore[arg-type]
        line = next(line for line in text.splitlines() if line.split()[:1] == [field.name])
        missing = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        assert ("must be given" in line) == missing


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(UserError, match="did you mean 'lenet'"):
        metaparameters_table("lenett")
