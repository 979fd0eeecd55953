"""The schemas of files that others read are true of what is written; files of other versions say what to do."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.core.integers import IntType
from hwcodesign.core.interface import Interface
from hwcodesign.core.run_folder import RunFolder, Stage
from hwcodesign.core.score_map import ScoreMap
from hwcodesign.dataflow import Dataflow
from hwcodesign.flow.report import ReportDocument, write_report
from hwcodesign.flow.schemas import schemas
from hwcodesign.flow.stages import STAGE_NAMES
from hwcodesign.fpga.board import load_board
from hwcodesign.host.contract import Contract
from hwcodesign.plan import Plan, plan
from hwcodesign.report.facts import facts_of
from tests.graphs import tiny_squeezenet

CONTRACT = Contract(
    "tiny", "0" * 16, (2, 2, 1), IntType(8, False), 1.0, 2, 1, ScoreMap(), Interface(1, 8, 1, 4, 8, 1, 3), "uart"
)
Reader = Callable[[Path], Any]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with every file."""
    run = RunFolder(tmp_path_factory.mktemp("run"))
    made = plan(tiny_squeezenet(), load_board("ulx3s-85f"), frame_rate=30_000)
    run.execute(Stage("plan", (), "", lambda folder: made.save(folder) or made.summary()))
    write_report(run)
    CONTRACT.save(run.path)
    return run.path


# Where each file lies in a run folder, and who reads it.
READERS: dict[str, tuple[str, tuple[Reader, ...]]] = {
    "dataflow": ("plan/dataflow.json", (lambda run: Dataflow.load(run / "plan"),)),
    "plan": ("plan/plan.json", (lambda run: Plan.load(run / "plan"), lambda run: facts_of(RunFolder(run)))),
    "report": ("report.json", (lambda run: facts_of(RunFolder(run)),)),
    "contract": ("contract.json", (Contract.load,)),
}
REMEDIES = {
    "contract": "build the bitstream again",
    "report": "every run of a stage writes it anew",
    "plan": "--from plan",
}


def test_the_command_writes_one_for_every_document(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hwcodesign.flow.schemas", str(tmp_path)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert sorted(Path(path).name for path in printed) == sorted(f"{name}.schema.json" for name in READERS)
    for name, schema in schemas().items():
        assert json.loads((tmp_path / f"{name}.schema.json").read_text()) == schema


@pytest.mark.parametrize("name", READERS)
def test_what_is_written_has_the_fields_of_its_schema(name: str, written: Path) -> None:
    found, schema = json.loads((written / READERS[name][0]).read_text()), schemas()[name]
    assert set(schema["required"]) <= found.keys() <= schema["properties"].keys()
    for key in ("format", "version"):
        assert key not in schema["properties"] or found[key] == schema["properties"][key]["const"]


def test_a_report_may_have_what_any_stage_says() -> None:
    assert set(STAGE_NAMES) <= ReportDocument.model_fields.keys()


@pytest.mark.parametrize(("step", "age"), [(-1, "an earlier version"), (1, "a newer version .*update hwcodesign, or ")])
@pytest.mark.parametrize("name", READERS)
def test_another_version_gives_one_message_that_says_what_to_do(name: str, step: int, age: str, written: Path) -> None:
    file, readers = written / READERS[name][0], READERS[name][1]
    before = file.read_text()
    document = json.loads(before)
    document["version" if "version" in document else "format"] += step
    file.write_text(json.dumps(document | {"a key of then": 1}))
    try:
        for reader in readers:
            with pytest.raises(
                UserError, match=f"{file.name} was written by {age}.*{REMEDIES.get(name, '--from plan')}"
            ):
                reader(written)
    finally:
        file.write_text(before)
    for reader in readers:
        reader(written)
