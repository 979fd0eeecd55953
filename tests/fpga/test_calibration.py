"""The coefficients: there for every kind, applied term by term, and absent where nothing was measured."""

import pytest

from hwcodesign.fpga import calibration
from hwcodesign.fpga.calibration import ESTIMATED, calibrated, costs, measured_error
from hwcodesign.fpga.families import FAMILIES
from hwcodesign.kinds import Logic, all_kinds

MEASURED = sorted(costs())


@pytest.mark.parametrize("family", MEASURED)
def test_what_was_measured_is_a_kind_and_every_family_has_an_error(family: str) -> None:
    """Of a kind that no sweep measured yet, `check` says so (tests/kinds/test_new_kind.py)."""
    for resource in ESTIMATED:
        assert {"mvau", "sliding_window", "fifo"} < set(costs()[family][resource]) <= set(all_kinds())
        assert 0 < measured_error(FAMILIES[family])[resource] < 0.2  # type: ignore[index]


# Families that no sweep measured yet: `check` says that of them estimates come from structure.
UNMEASURED = {"nexus"}


def test_every_other_family_is_measured() -> None:
    assert set(MEASURED) <= set(FAMILIES)
    assert {name for name, family in FAMILIES.items() if not measured_error(family)} == UNMEASURED


def test_every_part_counts_with_its_own_coefficient(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {
        "ecp5": {"lut": {"add": {"a": 2.0, "b": 0.5, "kernel": 3.0}}, "ff": {"add": {"logic": 1.5, "kernel": 1.0}}}
    }
    monkeypatch.setattr(calibration, "costs", lambda: table)
    logic = Logic(lut=30, ff=10, dsp=4, parts={"a": 10, "b": 20})
    assert calibrated(FAMILIES["ecp5"], "add", logic) == Logic(lut=20 + 10 + 3, ff=15 + 1, dsp=4)


def test_without_parts_the_whole_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"ecp5": {"lut": {"fork": {"logic": 2.0, "kernel": 1.0}}, "ff": {"fork": {"logic": 1.0, "kernel": 0.0}}}}
    monkeypatch.setattr(calibration, "costs", lambda: table)
    assert calibrated(FAMILIES["ecp5"], "fork", Logic(30, 10)) == Logic(61, 10)


def test_a_part_that_was_not_measured_keeps_the_structure() -> None:
    logic = Logic(30, 10, parts={"unheard_of": 30})
    assert calibrated(FAMILIES["ecp5"], "add", logic) is logic


def test_a_family_that_was_not_measured_keeps_the_structure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "costs", dict)
    logic = Logic(30, 10)
    assert calibrated(FAMILIES["ice40"], "add", logic) is logic
    assert measured_error(FAMILIES["ice40"]) is None


def test_flip_flops_take_luts_where_a_logic_cell_holds_both(monkeypatch: pytest.MonkeyPatch) -> None:
    luts = {"add": {"logic": 1.0, "kernel": 0.0, "flip_flops": 0.5}}
    table = {"lut": luts, "ff": {"add": {"logic": 1.0, "kernel": 0.0}}}
    monkeypatch.setattr(calibration, "costs", lambda: {"ice40": table, "ecp5": table})
    assert calibrated(FAMILIES["ice40"], "add", Logic(30, 10)) == Logic(35, 10)
    assert calibrated(FAMILIES["ecp5"], "add", Logic(30, 10)) == Logic(30, 10)
