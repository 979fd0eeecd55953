"""Every module of the benchmarks can be imported: none asks for what has moved."""

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path.relative_to(ROOT) for path in (ROOT / "benchmarks").rglob("*.py") if path.stem != "__init__")
MODULES = [".".join(path.with_suffix("").parts) for path in FILES]


def test_the_list_has_those_of_folders_too() -> None:
    assert {"benchmarks.seeds", "benchmarks.data.pasted"} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_it_can_be_imported(name: str) -> None:
    importlib.import_module(name)
