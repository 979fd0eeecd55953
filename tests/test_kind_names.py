"""What is known of a kind stands in its class: nobody outside hwcodesign/kinds asks a layer for its kind's name."""

import ast
from collections.abc import Iterator
from pathlib import Path

from hwcodesign.kinds import all_kinds

PACKAGE = Path(__file__).resolve().parents[1] / "hwcodesign"


def constants(node: ast.AST) -> set[object]:
    return {found.value for found in ast.walk(node) if isinstance(found, ast.Constant)}


def asked(tree: ast.AST) -> Iterator[str]:
    """Kinds' names that something is compared with."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(
            isinstance(x, ast.Attribute) and x.attr == "kind" for x in ast.walk(node)
        ):
            yield from constants(node) & all_kinds().keys()
        if isinstance(node, ast.Match) and isinstance(node.subject, ast.Attribute) and node.subject.attr == "kind":
            yield from set().union(*(constants(case.pattern) for case in node.cases)) & all_kinds().keys()


def test_the_search_finds_a_name() -> None:
    assert list(asked(ast.parse("if layer.kind in ('fifo', 'x'): pass"))) == ["fifo"]
    assert list(asked(ast.parse("match layer.kind:\n  case 'mvau': pass"))) == ["mvau"]


def test_no_name_is_asked_for() -> None:
    files = [file for file in PACKAGE.rglob("*.py") if file.relative_to(PACKAGE).parts[0] != "kinds"]
    found = {f"{file.relative_to(PACKAGE)}: {name}" for file in files for name in asked(ast.parse(file.read_text()))}
    assert not found
