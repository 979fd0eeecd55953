"""The whole path on a network that trains in seconds: recipe to bit-exact RTL, resume, gates, exit codes."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from hwcodesign.core import tools
from hwcodesign.core.errors import DoesNotFitError, UserError, VerificationError
from hwcodesign.core.run_folder import RunFolder, digest
from hwcodesign.dataflow import Dataflow
from hwcodesign.flow import pipeline
from hwcodesign.flow.stages import stage_names
from hwcodesign.job import Job
from hwcodesign.recipe import Recipe, load_recipe
from tests.bitstream.fakes import Workbench

FRAMES = 8
RECIPE = """
[network]
family = "squeezenet"
base_e = 8
incr_e = 0
SR = 0.5
fire_modules = 2
conv1_filters = 8
conv1_kernel = 3
conv1_stride = 2
pool_after = []
bypass = "simple"
[data]
dataset = "digits"
size = [9, 9]
classes = 10
[train]
epochs = 2
[hardware]
board = "ulx3s-85f"
frame_rate = 2000
"""


def recipe(folder: Path) -> Recipe:
    path = folder / "tiny.toml"
    path.write_text(RECIPE)
    return load_recipe(str(path))


def job(folder: Path, **changes: object) -> Job:
    loaded = recipe(folder)
    arguments = {"run": RunFolder(folder / "tiny"), "recipe": loaded, "hardware": loaded.hardware, "frames": FRAMES}
    return Job(**(arguments | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Job:
    made = job(tmp_path_factory.mktemp("runs"))
    pipeline.run_job(made, Console(quiet=True))
    return made


def proof(of: Job) -> tuple[str, ...]:
    """The stages of a run that is asked for no more: all but the bitstream."""
    names = stage_names(of)
    assert names[-1] == "bitstream"
    return names[:-1]


def report(of: Job) -> dict[str, dict[str, object]]:
    loaded: dict[str, dict[str, object]] = json.loads((of.run.path / "report.json").read_text())
    return loaded


def test_the_report_has_every_stage_and_the_promised_keys(done: Job) -> None:
    found = report(done)
    assert set(found) == {*proof(done), "reference", "format", "version"}
    assert found["reference"]["images"] == found["lower"]["images"] == 359
    assert found["lower"]["mismatches"] == found["simulate"]["mismatches"] == 0
    assert found["check"]["fits"] is True
    assert found["simulate"]["images"] == FRAMES
    assert found["simulate"]["cycles_bound"] == found["plan"]["cycles_per_frame"]
    for key in ("top1", "cycles_per_frame", "latency_cycles", "cycles_per_second", "utilisation"):
        assert key in found["simulate"]
    assert "latency_cycles" in found["plan"]
    assert found["plan"]["buffers"] == "the least that keep the rate, one by one"


def test_hardware_takes_the_planned_clocks_and_every_layer_works_as_much_as_planned(done: Job) -> None:
    simulated = report(done)["simulate"]
    assert simulated["latency_cycles"] == simulated["latency_predicted"]
    assert simulated["cycles_per_frame"] == simulated["cycles_bound"]
    layers = simulated["utilisation"]
    assert len(layers) >= report(done)["lower"]["layers"]
    assert [layer["layer"] for layer in layers if layer["measured"] != layer["planned"]] == []
    assert {1.0} == {layer["planned"] for layer in layers if layer["cycles"] == simulated["cycles_bound"]}


def test_the_integer_graph_has_the_trained_networks_accuracy(done: Job) -> None:
    found = report(done)
    assert found["lower"]["top1"] == found["reference"]["top1"]


def test_a_second_run_does_nothing_again(done: Job) -> None:
    before = {name: (done.run.stage(name) / "stage.json").stat().st_mtime_ns for name in proof(done)}
    pipeline.run_job(done, Console(quiet=True))
    assert before == {name: (done.run.stage(name) / "stage.json").stat().st_mtime_ns for name in proof(done)}


def test_emitting_again_gives_the_same_bytes(done: Job) -> None:
    before = digest([done.run.stage("emit")])
    pipeline.run_job(done, Console(quiet=True), first="emit", last="emit")
    assert digest([done.run.stage("emit")]) == before


def test_a_model_runs_from_lower_on_random_frames(done: Job, tmp_path: Path) -> None:
    model = tmp_path / "mine.onnx"
    shutil.copy(done.run.stage("export") / "model.onnx", model)
    other = Job(run=RunFolder(tmp_path / "mine"), hardware=done.hardware, model=model, frames=3, input_scale=1.0)
    found = pipeline.run_job(other, Console(quiet=True))
    assert set(found) == {"lower", "plan", "check", "emit", "simulate"}
    assert found["simulate"]["mismatches"] == 0 and "random" in found["simulate"]["origin"]


def test_random_weights_go_the_whole_way_and_say_so(tmp_path: Path) -> None:
    without_data = recipe(tmp_path)
    data = without_data.data.model_copy(update={"dataset": "none"})
    run = RunFolder(tmp_path / "random")
    found = pipeline.run_job(
        job(tmp_path, run=run, recipe=without_data.model_copy(update={"data": data}), untrained=True),
        Console(quiet=True),
    )
    assert found["lower"]["mismatches"] == found["simulate"]["mismatches"] == 0
    assert found["lower"]["images"] == 4 and found["simulate"]["images"] == FRAMES == 8
    assert found["reference"]["top1"] is None
    assert "UNTRAINED" in found["reference"]["weights"] and "UNTRAINED" in found["train"]["weights"]
    assert "untrained" in found["simulate"]["origin"]


def test_a_plan_that_was_changed_by_hand_is_no_proof(done: Job, tmp_path: Path) -> None:
    """The RTL would equal the changed graph: it is compared with the trained network, and the graph with lowering's."""
    copy = RunFolder(tmp_path / "copy")
    shutil.copytree(done.run.path, copy.path)
    graph = Dataflow.load(copy.stage("plan"))
    graph.by_name["fire3.squeeze"].tensors["thresholds"][:] += 1
    graph.save(copy.stage("plan"))
    loaded = recipe(tmp_path)
    with pytest.raises(VerificationError, match=r"layer fire3\.squeeze has other thresholds"):
        pipeline.run_job(Job(run=copy, recipe=loaded, hardware=loaded.hardware, frames=4), Console(quiet=True))


def test_hardware_that_differs_fails_with_the_first_layer(done: Job, tmp_path: Path) -> None:
    copy = RunFolder(tmp_path / "copy")
    shutil.copytree(done.run.path, copy.path)
    image = copy.stage("emit") / "memory/fire3_squeeze.weights.columns.hex"
    image.write_text("\n".join(line[:-1] + format(int(line[-1], 16) ^ 7, "x") for line in image.read_text().split()))
    loaded = recipe(tmp_path)
    broken = Job(run=copy, recipe=loaded, hardware=loaded.hardware, frames=4)
    with pytest.raises(VerificationError, match=r"layer fire3\.squeeze \(mvau\) is the first that differs"):
        pipeline.run_job(broken, Console(quiet=True), first="simulate")
    assert json.loads((copy.path / "report.json").read_text())["simulate"]["mismatches"] > 0


def test_a_bitstream_folder_has_what_a_host_needs(done: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Workbench(tmp_path, monkeypatch)
    pipeline.run_job(done, Console(quiet=True), last="bitstream")
    built = done.run.stage("bitstream")
    names = {path.name for path in built.iterdir()}
    assert names >= {"design.bit", "utilisation.json", "contract.json", "selftest.npz", "yosys.log", "nextpnr.log"}
    assert report(done)["bitstream"]["timing_met"] is True
    assert bench.calls == ["yosys", "nextpnr-ecp5", "ecppack"]
    pipeline.run_job(done, Console(quiet=True), last="bitstream")
    assert bench.calls == []


def test_a_missed_clock_fails_with_the_bitstream_in_place(
    done: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Workbench(tmp_path, monkeypatch).reaches(40.0)
    with pytest.raises(VerificationError, match=r"timing missed: planned for 50 MHz, reached 40 MHz\n.* in conv1"):
        pipeline.run_job(replace(done, seed=2), Console(quiet=True), last="bitstream")
    assert (done.run.stage("bitstream") / "design.bit").exists()
    assert report(done)["bitstream"]["timing_met"] is False


def test_a_network_that_cannot_fit_is_not_trained(tmp_path: Path) -> None:
    loaded = recipe(tmp_path)
    big = loaded.model_copy(update={"network": loaded.network | {"base_e": 512, "fire_modules": 8}})
    small_board = loaded.hardware.model_copy(update={"board": "icebreaker", "frame_rate": 1})
    with pytest.raises(DoesNotFitError, match="nothing was trained"):
        pipeline.run_job(job(tmp_path, recipe=big.model_copy(update={"hardware": small_board})), Console(quiet=True))
    assert not (tmp_path / "tiny" / "train").exists()


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [("lowr", None, "--from lowr: did you mean 'lower'"), ("emit", "plan", "--from emit comes after --to plan")],
)
def test_stages_that_are_not_there_or_out_of_order(tmp_path: Path, first: str, last: str | None, message: str) -> None:
    with pytest.raises(UserError, match=message):
        pipeline.run_job(job(tmp_path), Console(quiet=True), first, last)


def test_a_stage_without_the_one_before_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="run the stage before it"):
        pipeline.run_job(job(tmp_path), Console(quiet=True), first="plan")


def test_tools_of_later_stages_are_asked_for_before_anything_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(tools.GXX.variable, "/nowhere/g++")
    monkeypatch.setenv(tools.PERL.variable, "/nowhere/perl")
    made = job(tmp_path)
    with pytest.raises(UserError, match=r"G\+\+=/nowhere/g\+\+ is not a program(.|\n)*PERL=/nowhere/perl"):
        pipeline.run_job(made, Console(quiet=True))
    assert not made.run.finished("train")
    assert not list(made.run.path.glob(".train*"))


def test_a_tool_that_no_stage_needs_is_not_asked_for(done: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(tools.GXX.variable, "/nowhere/g++")
    pipeline.run_job(done, Console(quiet=True), last="emit")  # up to date, and simulation is not asked for
    pipeline.run_job(done, Console(quiet=True))  # up to date, simulation too


def test_a_failed_run_shows_no_figure_of_an_earlier_one(
    done: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(done.run.path, tmp_path / "tiny")
    copy = replace(done, run=RunFolder(tmp_path / "tiny"))
    (copy.run.stage("plan") / "plan.json").write_text("{}")
    with pytest.raises(UserError, match=r"plan\.json"):
        pipeline.run_job(copy, Console(width=200), first="check")
    shown = capsys.readouterr().out
    assert "reference" in shown  # what the failed stage began from
    assert not [word for word in ("simulated", "accuracy in RTL", "latency") if word in shown]
