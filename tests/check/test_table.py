"""The check as text: every layer and resource in it, and each figure says what it rests on."""

import pytest

from hwcodesign.check.check import check_recipe
from hwcodesign.check.table import _certainty, text
from hwcodesign.recipe import load_recipe

REPORT = check_recipe(load_recipe("digits-squeezenet"))


def test_layers_totals_and_verdict_are_there() -> None:
    shown = text(REPORT)
    for layer in REPORT.layers:
        assert layer.name in shown
    for heading in ("basis", "usable", "limit", "PE", "SIMD", "(link, clock)"):
        assert heading in shown
    assert shown.rstrip().endswith(REPORT.verdict().rstrip())
    assert f"{REPORT.total.lut:,}" in shown


@pytest.mark.parametrize(
    ("resource", "changes", "basis"),
    [
        ("block_ram", {}, "counted"),
        ("dsp", {}, "counted"),
        ("lut", {"uncalibrated": ("sum_pool", "new")}, "estimate, sum_pool, new by structure alone"),
    ],
)
def test_a_figure_says_what_it_rests_on(resource: str, changes: dict[str, object], basis: str) -> None:
    from dataclasses import replace

    assert _certainty(replace(REPORT, **changes), resource) == basis


def test_an_estimate_says_its_measured_error() -> None:
    assert REPORT.estimate_error is not None
    assert _certainty(REPORT, "lut") == f"estimate ± {REPORT.estimate_error['lut']:.0%}"
