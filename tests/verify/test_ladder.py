"""The ladder: every form of a network that was trained and lowered here, what is missing, and faults on each rung."""

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from hwcodesign.cli import main
from hwcodesign.core.errors import UserError, VerificationError
from hwcodesign.core.picture_task import PictureTask
from hwcodesign.core.preprocessing import Preprocessing
from hwcodesign.core.run_folder import RunFolder, Stage
from hwcodesign.dataflow import Dataflow
from hwcodesign.flow import pipeline
from hwcodesign.flow.report import write_report
from hwcodesign.job import Job
from hwcodesign.recipe import Recipe
from hwcodesign.verify import ladder
from hwcodesign.verify.chain import proven_by
from hwcodesign.verify.images import Images
from hwcodesign.verify.ladder_table import table
from hwcodesign.verify.reference import CHOSEN

RECIPE = Recipe(
    name="small", hardware={"board": "ulx3s-85f"},
    network={"family": "squeezenet", "base_e": 8, "incr_e": 0, "SR": 0.5, "fire_modules": 2, "conv1_filters": 8,
             "conv1_kernel": 3, "conv1_stride": 2, "pool_after": [], "bypass": "simple"},
    data={"dataset": "digits", "size": (9, 9), "classes": 10}, train={"float_epochs": 2, "epochs": 1},
)  # fmt: skip
IMAGES = 20


@pytest.fixture(scope="module")
def lowered(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    run = RunFolder(tmp_path_factory.mktemp("runs") / "small")
    pipeline.run_job(Job(run=run, hardware=RECIPE.hardware, recipe=RECIPE), Console(quiet=True), last="lower")
    ladder.climb(run, IMAGES)
    return run


@pytest.fixture
def run(lowered: RunFolder, tmp_path: Path) -> RunFolder:
    shutil.copytree(lowered.path, tmp_path / "small")
    return RunFolder(tmp_path / "small")


def rungs(run: RunFolder) -> dict[str, ladder.LadderRung]:
    return {rung.name: rung for rung in ladder.climb(run, IMAGES)}


def test_every_form_of_the_network_gives_the_reference(run: RunFolder) -> None:
    found = rungs(run)
    assert list(found) == ["float", "QAT", "QONNX", "file", "lowered", "integer", "RTL"]
    counts = {"QAT": IMAGES, "QONNX": IMAGES, "file": IMAGES, "lowered": ladder.FINN_IMAGES, "integer": IMAGES}
    for name, images in counts.items():
        rung = found[name]
        assert (rung.images, rung.other_scores, rung.other_class, rung.missing) == (images, 0, 0, None), rung
    assert (found["float"].images, found["float"].other_scores, found["float"].missing) == (IMAGES, None, None)
    assert found["float"].figures["top1"] > 0.3
    assert found["QAT"].figures == found["QONNX"].figures == found["integer"].figures
    assert found["QAT"].figures["top1"] > 0.3
    document = json.loads((run.path / "verify/ladder.json").read_text())
    assert write_report(run)["ladder"] == document
    assert document["images"] == IMAGES and [rung["name"] for rung in document["rungs"]] == list(found)
    ladder.require_equal(list(found.values()))


def test_what_is_missing_comes_with_its_command(run: RunFolder) -> None:
    assert rungs(run)["RTL"].missing == "hwcodesign run small --from lower"
    shutil.rmtree(run.stage("train"))
    shutil.rmtree(run.stage("lower"))
    found = rungs(run)
    assert found["QAT"].missing == "hwcodesign train small"
    assert found["integer"].missing == found["lowered"].missing == "hwcodesign lower small"
    assert found["QONNX"].other_scores == 0
    screen = Console(width=200, record=True, file=io.StringIO())
    screen.print(table(list(found.values()), "some images", "here"))
    assert "not there: hwcodesign lower small" in screen.export_text()


def test_without_a_float_phase_it_says_so(run: RunFolder) -> None:
    (run.stage("train") / "float.pt").unlink()
    assert rungs(run)["float"].missing == "a recipe with train.float_epochs"


def test_rungs_are_kept_until_what_they_read_changes(run: RunFolder) -> None:
    records = {name: run.path / "verify" / name / "stage.json" for name in ("qat", "qonnx", "integer")}
    before = {name: path.stat().st_mtime_ns for name, path in records.items()}
    rungs(run)
    assert before == {name: path.stat().st_mtime_ns for name, path in records.items()}
    (run.stage("lower") / "note").write_text("changed")
    rungs(run)
    changed = {name for name, path in records.items() if path.stat().st_mtime_ns != before[name]}
    assert changed == {"integer"}


def test_a_wrong_weight_in_the_integer_graph_is_found_where_it_is(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = Dataflow.load(run.stage("lower"))
    graph.by_name["fire2.expand3x3"].tensors["weights"][:] *= -1
    graph.save(run.stage("lower"))
    with pytest.raises(VerificationError, match="the stage lower wrote another graph than the one that lies there now"):
        rungs(run)
    monkeypatch.setattr(ladder, "require_chain", lambda run: None)  # as if lowering had made it so
    network = ladder.IntegerGraph(graph)
    images = ladder._images(run, IMAGES)
    wrong = np.flatnonzero((network.scores(images.frames) != images.scores).any(axis=1))
    found = rungs(run)["integer"]
    assert found.other_scores == len(wrong) > 0
    assert found.first_divergence is not None
    assert found.first_divergence.startswith(f"image {images.number(wrong[0])}: score of class")  # both sides have it
    with pytest.raises(VerificationError, match=rf"integer: {len(wrong)} of {IMAGES} images differ\nimage "):
        ladder.require_equal([found])


@pytest.mark.parametrize("layer", ["conv1", "fire3.squeeze", "fire3.expand3x3"])
def test_a_checkpoint_that_differs_is_located_by_layer(run: RunFolder, layer: str) -> None:
    path = run.stage("train") / "best.pt"
    state = torch.load(path, weights_only=True)
    state["model"][f"{layer}.norm.bias"] += 0.5
    torch.save(state, path)
    found = rungs(run)["QAT"]
    assert found.other_scores and found.first_divergence is not None
    assert f"layer {layer}, pixel (" in found.first_divergence
    ladder.require_equal([found])  # float32 is counted, not refused


def test_a_file_that_differs_is_located_by_layer(run: RunFolder) -> None:
    import onnx
    from onnx import numpy_helper

    path = run.stage("export") / "model.onnx"
    model = onnx.load(path)
    (tensor,) = [t for t in model.graph.initializer if t.name == "fire3.squeeze.norm.bias"]
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) + np.float32(0.5), tensor.name))
    onnx.save(model, path)
    found = rungs(run)["QONNX"]
    assert found.other_scores and "layer fire3.squeeze, pixel (" in str(found.first_divergence)


def test_a_file_that_means_something_else_fails_and_so_does_a_finn_graph(run: RunFolder) -> None:
    import onnx
    from onnx import numpy_helper

    for path, tensor_name, rung in (
        (run.stage("export") / "model.onnx", "fire3.squeeze.norm.bias", "file"),
        (run.stage("lower") / "lowered.onnx", None, "lowered"),
    ):
        model = onnx.load(path)
        named = {tensor.name: tensor for tensor in model.graph.initializer}
        tensor = named[tensor_name or next(n.input[1] for n in model.graph.node if n.op_type == "MVAU")]
        tensor.CopyFrom(numpy_helper.from_array(-numpy_helper.to_array(tensor), tensor.name))
        onnx.save(model, path)
        found = rungs(run)[rung]
        assert found.other_scores
        with pytest.raises(VerificationError, match=f"{rung}: {found.other_scores} of {found.images} images differ"):
            ladder.require_equal([found])


def test_rtl_is_what_the_simulation_found(run: RunFolder) -> None:
    run.execute(Stage("emit", (), None, lambda folder: {}))
    simulated = {
        "images": 12, "mismatches": 3, "top1": 0.5, "top5": 0.75, "first_difference": "layer conv1",
        "proves": proven_by(run),
    }  # fmt: skip
    run.execute(Stage("simulate", (), None, lambda folder: simulated))
    rung = rungs(run)["RTL"]
    assert (rung.images, rung.other_scores, rung.first_divergence) == (12, 3, "layer conv1")
    assert rung.figures == {"top1": 0.5, "top5": 0.75} and rung.document["top1"] == 0.5
    screen = Console(width=200, record=True, file=io.StringIO())
    screen.print(table([rung], "some images", "here"))
    assert "75.00 %" in screen.export_text()
    with pytest.raises(VerificationError, match="RTL: 3 of 12 images differ\nlayer conv1"):
        ladder.require_equal([rung])
    (run.stage("emit") / "accelerator.sv").touch()  # emitted anew since
    assert rungs(run)["RTL"].missing == "hwcodesign run small --from lower"


def test_top5_where_the_recipe_asks_for_it(tmp_path: Path) -> None:
    scores = np.array([[6, 5, 4, 3, 2, 1]] * 4)
    five = PictureTask(Preprocessing((1, 1), 1), top5=True)
    images = Images(np.zeros((4, 1, 1, 1)), "pictures", np.array([0, 4, 5, 5]), scores, pictures=five)
    step = next(step for step in ladder._STEPS if step.classes_only)
    (tmp_path / "export").mkdir()
    (tmp_path / "export/reference.json").write_text('{"contract": {"score_step": 1.0}}')
    for told, asked in (({"top1": 0.25, "top5": 0.5}, images), ({"top1": 0.25}, replace(images, pictures=None))):
        rung = ladder._compared(RunFolder(tmp_path), step, ladder.IntegerGraph(None), asked, scores)  # type: ignore[arg-type]
        assert rung.figures == told


def test_a_model_from_elsewhere_is_measured_against_its_own_file(lowered: RunFolder, tmp_path: Path) -> None:
    model = tmp_path / "theirs.onnx"
    shutil.copy(lowered.stage("export") / "model.onnx", model)
    run = RunFolder(tmp_path / "theirs")
    job = Job(run=run, hardware=RECIPE.hardware, model=model, input_scale=1.0)
    report = pipeline.run_job(job, Console(quiet=True), last="lower")["lower"]
    assert (report["images"], report["mismatches"], report["float32_differs"]) == (CHOSEN, 0, 0)
    model.unlink()  # the run has its own copy
    found = rungs(run)
    assert list(found) == ["QONNX", "file", "lowered", "integer", "RTL"]
    assert [found[name].other_scores for name in list(found)[:-1]] == [0, 0, 0, 0]
    assert found["RTL"].missing == "hwcodesign run --model theirs.onnx --board NAME --to simulate"


def test_a_folder_without_a_network(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no network yet: hwcodesign run empty --untrained --to lower"):
        ladder.climb(RunFolder(tmp_path / "empty-untrained"))


def test_the_command(run: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, expected in (([], "Brevitas, float32"), (["--json"], '"other_scores": 0')):
        monkeypatch.setattr(
            "sys.argv", ["hwcodesign", "verify", "small", "--runs", str(run.path.parent), "--images", "20", *arguments]
        )
        main()
        assert expected in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["hwcodesign", "verify", "smal", "--runs", str(run.path.parent)])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert "did you mean 'small'" in capsys.readouterr().err
