"""The command line: exit codes, one clear message, no traceback, nothing heavy imported."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hwcodesign import cli


def outcome(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    """The exit code and everything that was printed."""
    monkeypatch.setattr(sys, "argv", ["hwcodesign", *arguments])
    code = 0
    try:
        cli.main()
    except SystemExit as end:
        code = int(end.code or 0)
    printed = capsys.readouterr()
    return code, printed.out + printed.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["check", "squeezenet-v1.0"], 0, "fits zcu104"),
        (["check", "squeezenet-v1.0", "--board", "pynq-z1"], 3, "does not fit pynq-z1"),
        (["check", "squeezenet-v1.2"], 2, "did you mean 'squeezenet-v1."),
        (["check", "squeezenet-v1.0", "--board", "zcu140"], 2, "did you mean 'zcu104'"),
        (["check", "squeezenet-v1.0", "--frame-rate", "1e9"], 2, "frames per second"),
        (["check", "squeezenet-v1.0", "--frame-rate", "-1"], 2, "--frame-rate"),
        (["check", "squeezenet-v1.0", "--frame-rate", "nan"], 2, "nan: must be a positive number"),
        (["check", "squeezenet-v1.0", "--clock-mhz", "inf"], 2, "inf: must be a positive number"),
        (["check", "squeezenet-v1.0", "--at-most", "blockram=9"], 2, "did you mean 'block_ram'"),
        (["check", "squeezenet-v1.0", "--at-most", "lut=many"], 2, "a whole number of them, such as lut=40"),
        (["check", "squeezenet-v1.0", "--at-most", "lut=4,lut=5"], 2, "lut is there twice"),
        (["explore", "bits", "digits-squeezenet", "--budget", ""], 2, "allowed: block_ram"),
        (["explore", "bits", "digits-squeezenet", "--least", "1"], 2, "2<=x<=8"),
        (["explore", "digits-squeezenet", "--json", "x.json"], 2, "--json goes with --what-if"),
        (["explore", "digits-squeezenet", "--what-if", "SQ=1"], 2, "did you mean 'SR'"),
        (["check", "squeezenet-v1.0", "--at-most", "block_ram=99,lut=9999"], 3, "of 99 usable BRAM18"),
        (["run"], 2, "give a recipe"),
        (["run", "digits-squeezenet", "--model", "x.onnx"], 2, "one of the two"),
        (["run", "--model", "x.onnx"], 2, "--model needs --board"),
        (["check", "x.onnx"], 2, "x.onnx names no board"),
        (["check", "x.onnx", "--board", "ulx3s"], 2, "did you mean 'ulx3s-85f'"),
        (["check", "x.onnx", "--board", "ulx3s-85f"], 2, "x.onnx"),
        (
            ["check", "x.onnx", "--board", "ulx3s-85f", "--set", "train.epochs=3"],
            2,
            "no recipe: train.epochs cannot be set",
        ),
        (["check", "x.onnx", "--board", "ulx3s-85f", "--input", "float8"], 2, "--input float8"),
        (["run", "--model", "x.onnx", "--board", "ulx3s-85f", "--input-scale", "1/0"], 2, "--input-scale 1/0"),
        (["run", "--model", "x.onnx", "--board", "ulx3s-85f", "--input-scale", "1e400"], 2, "--input-scale 1e400"),
        (["run", "--model", "x.onnx", "--board", "ulx3s-85f", "--input", "float8"], 2, "--input float8"),
        (["run", "--model", "x.onnx", "--board", "ulx3s-85f", "--input", "uint99"], 2, "with 1 to 64 bits"),
        (["run", "--model", "x.onnx", "--board", "ulx3s-85f"], 2, "x.onnx"),
        (["run", "squeezenet-v1.0", "--to", "train"], 2, "run it with random weights: --untrained"),
        (["run", "--model", "x.onnx", "--board", "ulx3s-85f", "--untrained"], 2, "--untrained goes with a recipe"),
        (["simulate", "digits-squeezenet"], 2, "run the stage before it"),
        (["bitstream", "digits-squeezenet", "--seed", "-1"], 2, "--seed"),
        (["bitstream", "digits-icebreaker", "--clock-mhz", "13.3"], 2, "icebreaker makes clocks from 12 to"),
        (["program"], 2, "give a run"),
        (["program", "no-such-run"], 2, "no-such-run has no bitstream yet: hwcodesign bitstream no-such-run"),
        (["program", "--bit", "none.bit"], 2, "there is no file none.bit"),
        (["rum"], 2, "rum"),
        (["check", "digits-squeezenet", "--clock-mhz", "1e18"], 2, "clock_mhz = 1e+18: must be less than or equal"),
        (["run", "digits-squeezenet", "--clock-mhz", "1e18"], 2, "clock_mhz = 1e+18: must be less than or equal"),
        (["run", "--model", "x.onnx", "--board", "ulx3s-85f", "--input-scale", "nan"], 2, "--input-scale nan: must"),
        (["run", "--model", "x.onnx", "--board", "ulx3s-85f", "--input-scale", "1e-99999999"], 2, "must be a positive"),
    ],
)
def test_exit_code_and_message(
    arguments: list[str],
    code: int,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    found, printed = outcome(arguments, monkeypatch, capsys)
    assert found == code, printed
    assert message in printed
    assert "Traceback" not in printed


def test_check_writes_its_budget_and_the_four_rules_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    budget = tmp_path / "budget.json"
    code, printed = outcome(["check", "squeezenet-v1.0", "--json", str(budget)], monkeypatch, capsys)
    document = json.loads(budget.read_text())
    assert code == 0 and document["fits"] is True
    assert sum(layer["bits"]["weights"] for layer in document["layers"]) == document["bits"]["weights"]
    assert {finding["rule"] for finding in document["lint"]} == {2, 3, 4}
    assert "four rules" in printed


def test_a_read_only_run_folder_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "runs").write_text("a file where the folder should be")
    monkeypatch.chdir(tmp_path)
    code, printed = outcome(["run", "digits-squeezenet"], monkeypatch, capsys)
    assert code == 2 and "runs" in printed and "Traceback" not in printed


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (KeyboardInterrupt(), 130, "goes on from here"),
        (OSError(28, "No space left on device", "runs/x"), 2, "runs/x: No space left on device"),
    ],
)
def test_interruption_and_full_disk(
    error: BaseException,
    code: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("hwcodesign.training.loop.train", fail)
    monkeypatch.chdir(tmp_path)
    found, printed = outcome(["train", "digits-squeezenet"], monkeypatch, capsys)
    assert found == code and message in printed


def test_every_command_has_help_with_an_example(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = cli.cli.list_commands(None)  # type: ignore[arg-type]
    assert {"run", "check", "train", "export", "lower", "plan", "emit", "simulate", "doctor"} <= set(commands)
    for name in commands:
        code, printed = outcome([name, "--help"], monkeypatch, capsys)
        assert code == 0 and (f"hwcodesign {name}" in printed)


@pytest.mark.parametrize("arguments", [["--help"], ["check", "squeezenet-v1.0"]])
def test_nothing_heavy_is_imported(arguments: list[str]) -> None:
    script = (
        "import sys; from hwcodesign import cli; sys.argv = ['hwcodesign', *%r]\n"
        "try: cli.main()\nexcept SystemExit: pass\n"
        "print([m for m in ('torch', 'finn', 'qonnx', 'onnx', 'scipy', 'sklearn', 'cocotb') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script % arguments], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("option", ["--model", "--images"])
def test_a_pipe_for_a_file_is_refused_and_not_waited_for(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    subject = ["--board", "ulx3s-85f"] if option == "--model" else ["digits-squeezenet"]
    code, printed = outcome(["run", *subject, option, "pipe"], monkeypatch, capsys)
    assert code == 2 and "pipe is a named pipe, not a file" in printed
