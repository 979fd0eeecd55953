"""Pictures of a run: drawn from what is there, kept until it changes, and the numbers that they show."""

import builtins
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from hwcodesign import pictures
from hwcodesign.cli import main
from hwcodesign.core.classified import confusion
from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import RunFolder
from hwcodesign.dataflow import Dataflow
from hwcodesign.export.checkpoint_network import TrainedNetwork
from hwcodesign.flow import pipeline
from hwcodesign.job import Job
from hwcodesign.recipe import Recipe
from hwcodesign.verify.images import Images
from hwcodesign.verify.ladder import IntegerGraph

RECIPE = Recipe(
    name="small", hardware={"board": "ulx3s-85f"},
    network={"family": "squeezenet", "base_e": 8, "incr_e": 0, "SR": 0.5, "fire_modules": 2, "conv1_filters": 8,
             "conv1_kernel": 3, "conv1_stride": 2, "pool_after": [], "bypass": "simple"},
    data={"dataset": "digits", "size": (9, 9), "classes": 10}, train={"float_epochs": 1, "epochs": 1},
)  # fmt: skip
ALL = {f"pictures/{name}.png" for name in ("training", "confusion", "misclassified", "weights", "activations")}


@pytest.fixture(scope="module")
def lowered(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    run = RunFolder(tmp_path_factory.mktemp("runs") / "small")
    pipeline.run_job(Job(run=run, hardware=RECIPE.hardware, recipe=RECIPE), Console(quiet=True), last="lower")
    return run


@pytest.fixture
def run(lowered: RunFolder, tmp_path: Path) -> RunFolder:
    shutil.copytree(lowered.path, tmp_path / "small")
    return RunFolder(tmp_path / "small")


def test_every_picture_is_drawn_and_linked_and_kept(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["hwcodesign", "pictures", "small", "--runs", str(run.path.parent)])
    main()
    assert set(capsys.readouterr().out.split()) == {str(run.path / file) for file in ALL}
    for file in ALL:
        pixels = np.asarray(Image.open(run.path / file).convert("L"))
        assert min(pixels.shape) > 100 and len(np.unique(pixels)) > 20
    assert set(json.loads((run.path / "report.json").read_text())["pictures"]["files"]) == ALL
    before = (run.path / "pictures/weights.png").stat().st_mtime_ns
    pictures.draw_pictures(run)
    assert (run.path / "pictures/weights.png").stat().st_mtime_ns == before


def test_without_training_the_levels_are_still_drawn(run: RunFolder) -> None:
    shutil.rmtree(run.stage("train"))
    drawn = pictures.draw_pictures(run)
    assert set(drawn["files"]) == ALL - {"pictures/training.png"}
    assert drawn["missing"] == {
        "training": "the stage 'train' has not been run",
        "detections": "there is nothing to show (random weights, no mistakes, or another task)",
        "anomalies": "there is nothing to show (random weights, no mistakes, or another task)",
    }


def test_random_weights_have_no_results(run: RunFolder) -> None:
    with np.load(run.stage("export") / "reference.npz") as arrays:
        kept = {key: arrays[key] for key in arrays.files if key != "labels"}
    np.savez_compressed(run.stage("export") / "reference.npz", **kept)
    assert set(pictures.draw_pictures(run)["missing"]) == {"confusion", "misclassified", "anomalies", "detections"}


def test_confusion_counts_true_classes_in_rows_and_predicted_ones_in_columns() -> None:
    found = confusion(np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 0, 0]), 3)
    assert found.tolist() == [[1, 1, 0], [0, 1, 0], [2, 0, 0]]


def test_values_before_rounding_round_to_the_levels_of_the_hardware(run: RunFolder) -> None:
    graph = Dataflow.load(run.stage("lower"))
    network = TrainedNetwork(run.stage("train") / "best.pt")
    for name, values in network.weights_in_steps().items():
        limit = 7
        rounded = np.clip(np.rint(values), -limit, limit).astype(int)
        assert np.array_equal(np.sort(rounded), np.sort(graph.by_name[name].tensors["weights"].ravel())), name
    frame = Images.held_out(run.stage("export") / "reference.npz").frames[0]
    levels = IntegerGraph(graph).levels(frame)
    before = network.activations_in_steps(frame[None])
    assert levels.keys() == before.keys()
    for name, values in before.items():
        assert np.array_equal(np.bincount(np.clip(np.rint(values), 0, 15).astype(int)),
                              np.bincount(levels[name].ravel())), name  # fmt: skip


def test_without_matplotlib_one_message(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match=r"pictures need matplotlib.*pip install"):
        pictures.draw_pictures(run)
