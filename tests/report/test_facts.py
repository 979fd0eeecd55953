"""What a page can tell: whatever the run has, and a damaged file named with what makes it anew."""

from pathlib import Path

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import RunFolder, Stage
from hwcodesign.flow.report import ReportDocument
from hwcodesign.report.facts import facts_of


def finished(run: RunFolder, name: str, file: str, content: bytes) -> None:
    def work(folder: Path) -> dict[str, object]:
        (folder / file).write_bytes(content)
        return {}

    run.execute(Stage(name, (), None, work))


def test_an_empty_run_has_no_facts(tmp_path: Path) -> None:
    found = facts_of(RunFolder(tmp_path / "run"))
    assert (found.name, found.report, found.check, found.plan, found.pictures, found.frames) == (
        "run",
        {},
        {},
        {},
        (),
        None,
    )
    assert found.classes == []


def test_held_out_images_bring_names_for_all_scores(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    np.savez(tmp_path / "r.npz", images=np.zeros((2, 4, 4, 1), np.uint8), scores=np.zeros((2, 3)))
    finished(run, "export", "reference.npz", (tmp_path / "r.npz").read_bytes())
    finished(run, "check", "check.json", b'{"fits": true}')
    ReportDocument.write(run.path / "report.json", {"reference": {"classes": ["cat", "dog"]}})
    found = facts_of(run)
    assert found.check == {"fits": True} and found.classes == ["cat", "dog", "(2)"]
    assert found.frames is not None and found.labels is None


@pytest.mark.parametrize(
    ("stage", "file", "again"),
    [("check", "check.json", "check"), ("plan", "plan.json", "plan"), ("export", "reference.npz", "export")],
)
def test_a_damaged_file_says_what_makes_it_anew(tmp_path: Path, stage: str, file: str, again: str) -> None:
    run = RunFolder(tmp_path / "run")
    finished(run, stage, file, b"{damaged")
    with pytest.raises(UserError, match=rf"{file} is damaged .*: the stage '{again}' makes it anew"):
        facts_of(run)
