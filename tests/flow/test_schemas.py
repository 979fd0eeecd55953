"""The schemas of the files of a run folder: written by a command, and true of what is written."""

import json
import subprocess
import sys
from pathlib import Path

from hwcodesign.dataflow import DataflowDocument
from hwcodesign.flow.schemas import DOCUMENTS, schema
from hwcodesign.fpga.board import load_board
from hwcodesign.plan import plan
from hwcodesign.plan.plan import PlanDocument
from tests.graphs import tiny_squeezenet


def test_the_command_writes_one_for_every_document(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hwcodesign.flow.schemas", str(tmp_path)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert sorted(Path(path).name for path in printed) == sorted(f"{name}.schema.json" for name, _ in DOCUMENTS)
    found = json.loads((tmp_path / "plan.schema.json").read_text())
    assert found["properties"]["version"] == {"const": PlanDocument.VERSION}


def test_what_is_written_has_every_field_of_its_schema(tmp_path: Path) -> None:
    plan(tiny_squeezenet(), load_board("ulx3s-85f"), frame_rate=30_000).save(tmp_path)
    for name, document in (("plan.json", PlanDocument), ("dataflow.json", DataflowDocument)):
        written = json.loads((tmp_path / name).read_text())
        assert written.keys() == set(schema(document)["properties"])  # type: ignore[call-overload]
        assert document.read(tmp_path / name).version == written["version"]
