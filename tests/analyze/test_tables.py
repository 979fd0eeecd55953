"""Analyses as tables and as JSON: the same figures in both."""

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from hwcodesign.analyze.costs import costs
from hwcodesign.analyze.lint import Finding
from hwcodesign.analyze.subject import find_subject
from hwcodesign.analyze.tables import costs_json, costs_table, dims, lint_table, verdict, what_if_json, what_if_table
from hwcodesign.analyze.what_if import what_if

TOTAL = costs(find_subject("lenet").network(), title="lenet")


def shown(table: object) -> str:
    screen = Console(file=io.StringIO(), width=160)
    screen.print(table)
    return screen.file.getvalue()  # type: ignore[attr-defined]


def test_totals_are_sums_of_the_layers_in_table_and_json() -> None:
    document, text = costs_json(TOTAL), shown(costs_table(TOTAL))
    for key in ("parameters", "operations"):
        assert document["total"][key] == sum(layer[key] for layer in document["layers"])
    assert f"{TOTAL.parameters:,}" in text and all(layer["name"] in text for layer in document["layers"])


def test_a_change_is_shown_by_its_ratios() -> None:
    result = what_if(find_subject("nin"), "classes=2000")
    assert what_if_json(result)["ratios"]["parameters"] == pytest.approx(
        result.after.parameters / result.before.parameters
    )
    assert "x (" in shown(what_if_table(result))


@pytest.mark.parametrize(
    ("beyond", "said"),
    [((), "local: "), (("a", "b"), "global: the dimensions of a, b change"), (tuple("abcde"), "a, b, c and 2 more")],
)
def test_the_verdict_names_what_changes_beyond(beyond: tuple[str, ...], said: str) -> None:
    assert said in verdict(SimpleNamespace(beyond=beyond))  # type: ignore[arg-type]


def test_a_rule_without_findings_is_kept() -> None:
    text = shown(lint_table([Finding(2, "conv[1]", "odd", "gain", "price")], (1, 2)))
    assert "kept" in text and "conv[1]" in text
    assert dims((55, 55, 96)) == "55x55x96"
