"""Runs side by side: every figure from its report, the best marked, and what a run has not is left empty."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hwcodesign.cli.compare import command
from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import RunFolder
from hwcodesign.report import compare
from hwcodesign.report.compare import Figure
from tests.report.test_page import CHECK, PLAN, REFERENCE, SIMULATED, facts

FASTER = {**PLAN, "cycles_per_frame": 2304, "planned_frame_rate": 21701.389}


def run(folder: Path, name: str, **report: object) -> None:
    """A run's folder with a report alone."""
    made = RunFolder(folder / name)
    made.claim()
    head = {"format": "hwcodesign report", "version": 1}
    (made.path / "report.json").write_text(json.dumps({**head, **report}))


def test_every_figure_is_that_of_the_report() -> None:
    found = compare.document([facts(), facts(plan=FASTER, simulate=None)])
    assert found["plan.cycles_per_frame"] == {"tiny (1)": 4608, "tiny (2)": 2304}
    assert found["reference.top1"] == {"tiny (1)": 0.5, "tiny (2)": 0.5}
    assert found["share.lut"] == {"tiny (1)": 0.1, "tiny (2)": 0.1}
    assert found["verdict"] == {"tiny (1)": "6 images equal", "tiny (2)": "not simulated"}
    assert "bitstream.fmax_mhz" not in found


@pytest.mark.parametrize(
    ("better", "values", "best"),
    [("more", [1, 2, None], 2), ("less", [1, 2], 1), ("", [1, 2], None), ("more", [2, 2], None), ("more", ["x"], None)],
)
def test_the_best_is_marked_where_values_differ(better: str, values: list[object], best: object) -> None:
    assert Figure("x", "x", lambda run: None, better=better).best(values) == best  # type: ignore[arg-type]


def test_a_run_that_failed_its_proof_says_so() -> None:
    wrong = compare.document([facts(simulate={**SIMULATED, "mismatches": 1}), facts()])
    assert wrong["verdict"]["tiny (1)"] == "NOT PROVEN"


def test_the_command_shows_a_table_json_and_a_page(tmp_path: Path) -> None:
    run(tmp_path, "slow", plan=PLAN, check=CHECK, simulate=SIMULATED, reference=REFERENCE)
    run(tmp_path, "fast<1>", plan=FASTER)
    both = ["slow", "fast<1>", "--runs", str(tmp_path)]
    shown = CliRunner().invoke(command, [*both, "--page", str(tmp_path / "both.html")]).stdout
    assert all(number in shown for number in ("4,608", "2,304", "50.00 %", "6 images equal"))
    page = (tmp_path / "both.html").read_text()
    assert '<span class="good">2,304</span>' in page
    assert "fast&lt;1&gt;" in page
    assert "fast<1>" not in page
    found = json.loads(CliRunner().invoke(command, [*both, "--json"]).stdout)
    assert found["plan.cycles_per_frame"] == {"slow": 4608, "fast<1>": 2304}


@pytest.mark.parametrize(
    ("runs", "message"), [(["one"], "takes two runs or more"), (["one", "two"], "there is no run")]
)
def test_what_cannot_be_compared(tmp_path: Path, runs: list[str], message: str) -> None:
    result = CliRunner().invoke(command, [*runs, "--runs", str(tmp_path)])
    assert isinstance(result.exception, UserError)
    assert message in str(result.exception)
