"""`hwcodesign check FILE.onnx`: the same verdict as a run of that file up to its check."""

import json
from pathlib import Path

from click.testing import CliRunner
from torch import nn

from hwcodesign.cli.check import command
from hwcodesign.core.errors import DoesNotFitError
from tests.lower.small import conv, export, linear, relu


def small_network() -> nn.Module:
    return nn.Sequential(conv(2, 4), relu(), nn.Flatten(), linear(144, 3))


def test_a_file_is_checked_without_a_run(tmp_path: Path) -> None:
    file, report = tmp_path / "theirs.onnx", tmp_path / "check.json"
    export(small_network, file)
    arguments = [str(file), "--json", str(report), "--frame-rate", "5000", "--board"]
    found = CliRunner().invoke(command, [*arguments, "ulx3s-85f"])
    assert found.exit_code == 0, found.output
    assert "fits ulx3s-85f at" in found.output
    document = json.loads(report.read_text())
    assert document["bits"]["weights"] == 4 * (2 * 9 * 4 + 144 * 3)
    assert {"0", "3", "label_select"} <= {layer["name"] for layer in document["layers"]}
    assert "lint" not in document
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


def test_what_does_not_fit_is_said(tmp_path: Path) -> None:
    file = tmp_path / "theirs.onnx"
    export(small_network, file)
    found = CliRunner().invoke(command, [str(file), "--board", "icebreaker", "--at-most", "lut=100"])
    assert isinstance(found.exception, DoesNotFitError), found.output
    assert "does not fit icebreaker" in str(found.exception)
