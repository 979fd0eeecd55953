"""An autoencoder trained on what is normal: from vectors in a file to a proven graph, and all that tells of it."""

import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from hwcodesign.core.run_folder import RunFolder
from hwcodesign.flow.pipeline import run_job
from hwcodesign.job import Job
from hwcodesign.pictures import anomalies, results
from hwcodesign.recipe import Recipe
from hwcodesign.report import compare
from hwcodesign.report.facts import facts_of
from hwcodesign.report.page import render
from hwcodesign.verify import ladder

RECIPE = Recipe(
    name="vectors", hardware={"board": "icebreaker"},
    network={"family": "autoencoder", "units": 12, "layers": 1, "bottleneck": 3},
    quantization={"first_weight_bits": 8, "last_weight_bits": 8},
    data={"dataset": "arrays", "size": (1, 1), "channels": 16, "classes": 2, "task": "reconstruct", "normal": ("0",)},
    train={"epochs": 20, "optimizer": "adam", "learning_rate": 0.01, "weight_decay": 0.0},
)  # fmt: skip


def vectors(folder: Path) -> Path:
    """What is normal lies on a plane, with some noise; an anomaly anywhere."""
    random = np.random.default_rng(1)
    plane = random.normal(size=(2, 16))
    normal = random.uniform(-1, 1, (350, 2)) @ plane + 0.05 * random.normal(size=(350, 16))
    numbers = np.concatenate([normal, random.normal(size=(100, 16))])
    whole = np.rint(128 + 40 * numbers).clip(0, 255).astype(np.uint8)
    labels = np.repeat([0, 1], [350, 100])
    folder.mkdir()
    np.savez(folder / "arrays.npz", x_train=whole[:250], y_train=labels[:250], x_test=whole[250:], y_test=labels[250:])
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = tmp_path_factory.mktemp("anomalies")
    made = RunFolder(folder / "vectors")
    data = vectors(folder / "data")
    run_job(Job(run=made, hardware=RECIPE.hardware, recipe=RECIPE, data_folder=data), Console(quiet=True), last="lower")
    return made


def test_anomalies_are_found_by_the_integers_as_in_training(run: RunFolder) -> None:
    report = json.loads((run.path / "report.json").read_text())
    assert report["lower"]["mismatches"] == 0 and report["lower"]["images"] == 200
    assert report["reference"]["auc"] == report["lower"]["auc"] > 0.9
    assert "top1" not in report["reference"] and report["reference"]["classes"] == ["normal", "anomaly"]
    errors = [json.loads(line)["validation_mse"] for line in (run.stage("train") / "metrics.jsonl").open()]
    assert report["train"]["validation_mse"] == report["reference"]["training"]["validation_mse"] == min(errors)


def test_the_ladder_has_its_figure_and_compares_no_classes(run: RunFolder) -> None:
    rungs = {rung.name: rung for rung in ladder.climb(run)}
    ladder.require_equal(list(rungs.values()))
    for name in ("QAT", "QONNX", "integer"):
        assert rungs[name].figures["auc"] > 0.9 and rungs[name].other_class is None


def test_page_pictures_and_comparison_tell_of_it(run: RunFolder, tmp_path: Path) -> None:
    auc = f"{json.loads((run.path / 'report.json').read_text())['reference']['auc']:.4f}"
    page = render(facts_of(run))
    assert f"AUC {auc} of 200 test images" in page and "Anomaly scores" in page and "true \\ predicted" not in page
    assert anomalies.draw(run, tmp_path / "anomalies.png") and (tmp_path / "anomalies.png").stat().st_size > 10_000
    assert not results.draw_confusion(run, tmp_path / "none") and not results.draw_misclassified(run, tmp_path / "none")
    rows = [(figure.title, figure.shown(values[0])) for figure, values in compare.figures_of([facts_of(run)])]
    assert ("test ROC AUC", auc) in rows
