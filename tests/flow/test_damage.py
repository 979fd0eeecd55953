"""A damaged file of a run folder is one message with the file and what makes it anew, whatever reads it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from hwcodesign.core.run_folder import RunFolder, Stage
from hwcodesign.flow import pipeline
from hwcodesign.graph.digest import GRAPH, graph_digest
from tests.cli.test_cli import outcome
from tests.flow.test_pipeline import RECIPE, job
from tests.graphs import tiny_squeezenet

WAYS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "half": lambda data: data[: len(data) // 2],
    "list": lambda data: b"[]",
    "object": lambda data: b"{}",
    "noise": lambda data: bytes((byte ^ 0x5A) if at % 7 == 3 else byte for at, byte in enumerate(data)),
}
Outcome = Callable[[list[str]], tuple[int, str]]


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with a run of a small graph, lowered, planned, checked and emitted; it was not trained."""
    folder = tmp_path_factory.mktemp("planned")
    (folder / "tiny.toml").write_text(RECIPE)
    run, graph = RunFolder(folder / "runs" / "tiny"), tiny_squeezenet()

    def lower(into: Path) -> dict[str, object]:
        graph.save(into)
        return {"layers": len(graph.layers), GRAPH: graph_digest(graph)}

    run.execute(Stage("lower", (), None, lower))
    of_this = job(folder)
    for name in ("plan", "check", "emit"):
        pipeline.run_job(
            type(of_this)(run=run, recipe=of_this.recipe, hardware=of_this.hardware), Console(quiet=True), name, name
        )
    return folder


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Outcome:
    return lambda arguments: outcome(arguments, monkeypatch, capsys)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("file", "arguments"),
    [
        ("lower/dataflow.json", ["plan", "tiny.toml"]),
        ("lower/dataflow.npz", ["plan", "tiny.toml"]),
        ("plan/plan.json", ["emit", "tiny.toml"]),
        ("plan/dataflow.json", ["emit", "tiny.toml"]),
        ("plan/dataflow.npz", ["emit", "tiny.toml"]),
        ("plan/dataflow.npz", ["emulate", "tiny"]),
        ("emit/interface.json", ["emulate", "tiny"]),
        ("lower/dataflow.npz", ["pictures", "tiny"]),
        ("lower/stage.json", ["plan", "tiny.toml"]),
        ("plan/stage.json", ["emit", "tiny.toml"]),
        ("plan/stage.json", ["pictures", "tiny"]),
        ("hwcodesign-run.json", ["plan", "tiny.toml"]),
        ("hwcodesign-run.json", ["verify", "tiny"]),
    ],
)
def test_one_message(
    planned: Path,
    file: str,
    arguments: list[str],
    way: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    say: Outcome,
) -> None:
    shutil.copytree(planned, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    path = Path("runs/tiny", file)
    path.write_bytes(WAYS[way](path.read_bytes()))
    code, printed = say(arguments)
    assert code == 2 and "Traceback" not in printed, printed
    assert file in printed and printed.count("error:") == 1
    if "stage.json" not in file and "hwcodesign-run" not in file:
        assert f"--from {Path(file).parts[0]}" in printed


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_every_file_of_a_finished_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, say: Outcome, way: str) -> None:
    """Every command that reads a run folder ends well, or with one message that names a file of it."""
    (tmp_path / "tiny.toml").write_text(RECIPE)
    monkeypatch.chdir(tmp_path)
    for command in (["run", "tiny.toml", "--frames", "4"], ["verify", "tiny", "--images", "4"], ["pictures", "tiny"]):
        assert say(command)[0] == 0
    run, whole, bad = Path("runs/tiny"), Path("whole"), []
    shutil.copytree(run, whole)
    files = [path for path in sorted(whole.rglob("*")) if path.is_file() and path.suffix not in (".sv", ".log", ".png")]
    for file in files:
        if file.parent.name == "simulation" or "tfevents" in file.name:
            continue
        for command in ("verify", "pictures", "report", "run"):
            shutil.rmtree(run)
            shutil.copytree(whole, run)
            damaged = run / file.relative_to(whole)
            damaged.write_bytes(WAYS[way](file.read_bytes()))
            arguments = ["run", "tiny.toml", "--frames", "4", "--to", "emit"] if command == "run" else [command, "tiny"]
            code, printed = say(arguments)
            if code not in (0, 2, 4) or "Traceback" in printed or (code and str(run) not in printed):
                bad.append((str(file), command, code, printed[-500:]))
    assert not bad, "\n\n".join(map(str, bad))
