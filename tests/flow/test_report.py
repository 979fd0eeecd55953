"""The report: figures of one network alone, whole or a message."""

import json
from pathlib import Path

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import RunFolder, Stage
from hwcodesign.flow.report import ReportDocument, report_table, write_report
from hwcodesign.verify.chain import proven_by


def made(run: RunFolder, name: str, *sources: str, content: str = "1") -> None:
    def work(folder: Path) -> dict[str, object]:
        (folder / "result").write_text(content)
        return {"of": content}

    run.execute(Stage(name, tuple(run.stage(source) for source in sources), content, work))


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    run = RunFolder(tmp_path / "run")
    for name, *sources in (("lower",), ("plan", "lower"), ("emit", "plan"), ("check", "lower", "plan")):
        made(run, name, *sources)
    return run


def test_a_row_of_another_network_is_left_out_and_said(run: RunFolder) -> None:
    assert {"lower", "plan", "emit", "check"} == set(write_report(run))
    made(run, "lower", content="2")
    report = write_report(run)
    assert set(report) == {"lower", "left_out"} and set(report["left_out"]) == {"plan", "check", "emit"}
    made(run, "plan", "lower", content="2")
    assert set(write_report(run)["left_out"]) == {"check", "emit"}
    for name in ("emit", "check"):
        made(run, name, "lower", "plan", content="2")
    assert "left_out" not in write_report(run)


def test_the_file_is_what_its_schema_says(run: RunFolder) -> None:
    write_report(run)
    found = ReportDocument.read(run.path / "report.json")
    assert found.plan["of"] == "1" and found.left_out == {}


def test_names_are_taken_for_no_markup(run: RunFolder) -> None:
    layer = {"layer": "[red]x[/foo]", "cycles": 1, "planned": 1.0, "measured": 1.0}
    group = report_table({"simulate": SIMULATED | {"utilisation": [layer]}}, "title")
    from rich.console import Console

    console = Console(width=200, record=True, quiet=False, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(group)
    printed = console.export_text()
    assert "[red]x[/foo]" in printed and "[bold]of mine" in printed


SIMULATED = {
    "images": 1, "origin": "[bold]of mine", "cycles_per_frame": None, "cycles_bound": 1, "latency_cycles": 1,
    "latency_predicted": 1, "cycles_per_second": 1,
}  # fmt: skip


def test_a_damaged_part_is_named(run: RunFolder) -> None:
    (run.path / "verify").mkdir()
    (run.path / "verify" / "ladder.json").write_text("{")
    with pytest.raises(UserError, match=r"verify/ladder.json is damaged"):
        write_report(run)


def test_the_ladder_of_another_network_is_left_out(run: RunFolder) -> None:
    (run.path / "verify").mkdir()
    (run.path / "verify" / "ladder.json").write_text(json.dumps({"rungs": [], "of": proven_by(run)}))
    assert write_report(run)["ladder"]["rungs"] == []
    made(run, "lower", content="2")
    report = write_report(run)
    assert "ladder" not in report and "ladder" in report["left_out"]
