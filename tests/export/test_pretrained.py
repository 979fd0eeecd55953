"""Trained files beside a recipe: packed, found, and taken instead of a training, whatever the order of the images."""

import dataclasses
import hashlib
import io
import json
import shutil

import numpy as np
import pytest
from rich.console import Console

from hwcodesign.core.assets import asset_folder
from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import RunFolder
from hwcodesign.data import load_dataset
from hwcodesign.export import pretrained
from hwcodesign.export.pretrained import restore, ship
from hwcodesign.export.qonnx import export
from hwcodesign.flow.pipeline import run_job
from hwcodesign.flow.report import report_table
from hwcodesign.job import Job
from hwcodesign.recipe import load_recipe, shipped_with
from hwcodesign.report.facts import facts_of
from hwcodesign.report.page import render
from hwcodesign.training.loop import train

RECIPE = """
[network]
family = "squeezenet"
base_e = 8
incr_e = 0
SR = 0.5
fire_modules = 1
conv1_filters = 8
conv1_kernel = 3
pool_after = []
[data]
dataset = "digits"
size = [9, 9]
classes = 10
[train]
epochs = 1
[hardware]
board = "ulx3s-85f"
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder of models with tiny.toml and the trained files beside it."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "tiny.toml").write_text(RECIPE)
    recipe = load_recipe(str(folder / "tiny.toml"))
    run = folder / "run"
    trained = train(recipe, None, run / "train", device="cpu")
    export(recipe, trained.checkpoint, run / "export")
    ship(run, folder / "tiny")
    return folder


KEPT = 100


@pytest.fixture(scope="module")
def in_part(models, tmp_path_factory):
    """Trained files of which the scores of all 359 test images would be too many."""
    folder = tmp_path_factory.mktemp("in_part") / "tiny"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretrained, "MOST_BYTES", KEPT * 10 * 4 + 39)
        ship(models / "run", folder)
    return folder


def kept_of(images):
    return np.arange(KEPT) * images // KEPT


def the_recipe(models):
    return load_recipe(str(models / "tiny.toml"))


def test_it_is_found_beside_its_recipe(models, tmp_path):
    assert shipped_with(str(models / "tiny.toml")) == models / "tiny"
    shutil.copy(models / "tiny.toml", tmp_path)
    assert shipped_with(str(tmp_path / "tiny.toml")) is None


def test_nothing_of_the_data_set_is_packed(models):
    assert sorted(path.name for path in (models / "tiny").iterdir()) == ["model.onnx", "reference.json", "scores.npz"]
    with np.load(models / "tiny" / "scores.npz") as file:
        assert {key: file[key].dtype.name for key in file} == {"digests": "uint64", "integer_scores": "int32"}


def test_unpacked_is_what_was_exported(models, tmp_path):
    recipe = the_recipe(models)
    restore(models / "tiny", recipe, load_dataset(recipe.data, None), tmp_path)
    exported = models / "run" / "export"
    for name in ("model.onnx", "reference.json"):
        assert (tmp_path / name).read_bytes() == (exported / name).read_bytes()
    with np.load(tmp_path / "reference.npz") as mine, np.load(exported / "reference.npz") as theirs:
        assert set(mine) == set(theirs)
        assert all(np.array_equal(mine[key], theirs[key]) for key in theirs)


def test_images_in_another_order_keep_their_scores(models, tmp_path):
    recipe = the_recipe(models)
    data = load_dataset(recipe.data, None)
    turned = dataclasses.replace(data, test_images=data.test_images[::-1], test_labels=data.test_labels[::-1])
    restore(models / "tiny", recipe, turned, tmp_path)
    with np.load(tmp_path / "reference.npz") as mine, np.load(models / "run" / "export" / "reference.npz") as theirs:
        assert np.array_equal(mine["integer_scores"][::-1], theirs["integer_scores"])


@pytest.mark.parametrize("name", [path.parent.name for path in sorted(asset_folder("models").glob("*/scores.npz"))])
def test_what_comes_with_a_recipe_is_of_its_network(name, tmp_path):
    folder = shipped_with(name)
    assert folder is not None
    assert restore(folder, load_recipe(name), None, tmp_path) == 0
    reference = json.loads((tmp_path / "reference.json").read_text())
    assert hashlib.sha256((tmp_path / "model.onnx").read_bytes()).hexdigest() == reference["model_sha256"]
    with np.load(folder / "scores.npz") as file:
        digests, scores = file["digests"], file["integer_scores"]
    assert len(digests) == reference["images"] >= len(scores)
    assert len(scores) == len(digests) or scores.nbytes <= pretrained.MOST_BYTES < scores.nbytes + scores[0].nbytes


def test_what_is_packed_says_the_same_when_it_is_packed_again(models, tmp_path):
    recipe = the_recipe(models)
    restore(models / "tiny", recipe, load_dataset(recipe.data, None), tmp_path / "export")
    ship(tmp_path, tmp_path / "again")
    for path in (models / "tiny").iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_of_too_many_scores_those_of_every_kth_image_are_packed(models, in_part):
    with np.load(in_part / "scores.npz") as file, np.load(models / "tiny" / "scores.npz") as whole:
        assert file["integer_scores"].shape == (KEPT, 10)
        assert np.array_equal(file["integer_scores"], whole["integer_scores"][kept_of(359)])
        assert np.array_equal(file["digests"][:KEPT], whole["digests"][kept_of(359)])
        assert sorted(file["digests"]) == sorted(whole["digests"])


def test_one_image_is_packed_however_many_scores_it_has(models, tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "MOST_BYTES", 7)
    ship(models / "run", tmp_path)
    with np.load(tmp_path / "scores.npz") as file:
        assert (len(file["integer_scores"]), len(file["digests"])) == (1, 359)


@pytest.mark.parametrize("step", [1, -1])
def test_unpacked_are_the_images_of_known_scores_in_the_order_of_the_data(models, in_part, tmp_path, step):
    recipe = the_recipe(models)
    data = load_dataset(recipe.data, None)
    turned = dataclasses.replace(data, test_images=data.test_images[::step], test_labels=data.test_labels[::step])
    assert restore(in_part, recipe, turned, tmp_path) == KEPT
    with np.load(tmp_path / "reference.npz") as mine, np.load(models / "run" / "export" / "reference.npz") as theirs:
        for key in ("images", "labels", "integer_scores", "scores"):
            assert np.array_equal(mine[key][::step], theirs[key][kept_of(359)]), key
        assert mine["task"] == theirs["task"]
    assert json.loads((tmp_path / "reference.json").read_text())["images"] == 359


@pytest.mark.parametrize("number", [0, 1])
def test_another_image_is_refused_whether_its_scores_are_packed_or_not(models, in_part, tmp_path, number):
    assert (number in kept_of(359)) == (number == 0)
    recipe = the_recipe(models)
    data = load_dataset(recipe.data, None)
    images = data.test_images.copy()
    images[number, 0, 0, 0] ^= 1
    with pytest.raises(UserError, match=r"digits: 1 of its 359 test images are not among the 359 that"):
        restore(in_part, recipe, dataclasses.replace(data, test_images=images), tmp_path)
    kept = kept_of(359)
    alone = dataclasses.replace(data, test_images=data.test_images[kept], test_labels=data.test_labels[kept])
    with pytest.raises(UserError, match=rf"0 of its {KEPT} test images are not among the 359 that"):
        restore(in_part, recipe, alone, tmp_path)


def test_a_run_says_how_many_were_measured_and_how_many_are_compared(models, in_part, tmp_path):
    recipe = the_recipe(models)
    job = Job(RunFolder(tmp_path / "tiny"), recipe.hardware, recipe, shipped=in_part)
    report = run_job(job, Console(quiet=True), first="lower", last="lower")
    assert (report["reference"]["images"], report["export"]["scored_images"]) == (359, KEPT)
    assert (report["lower"]["images"], report["lower"]["mismatches"]) == (KEPT, 0)
    console = Console(width=300, record=True, file=io.StringIO())
    console.print(report_table(report, "title"))
    printed = console.export_text()
    assert "of 359 test images of digits" in printed
    assert f"; the scores of {KEPT} of them came with the recipe" in printed
    assert f"0 of {KEPT} images differ from the exported network" in printed
    page = render(facts_of(job.run))
    assert f"; the scores of {KEPT} of them came with the recipe" in page
    assert f"of {KEPT} are classified wrong" in page


def test_other_images_are_refused(models, tmp_path):
    recipe = the_recipe(models)
    data = load_dataset(recipe.data, None)
    images = data.test_images.copy()
    images[3, 0, 0, 0] ^= 1
    with pytest.raises(UserError, match=r"digits: 1 of its 359 test images are not among the"):
        restore(models / "tiny", recipe, dataclasses.replace(data, test_images=images), tmp_path)
    fewer = dataclasses.replace(data, test_images=data.test_images[:9], test_labels=data.test_labels[:9])
    with pytest.raises(UserError, match=r"0 of its 9 test images"):
        restore(models / "tiny", recipe, fewer, tmp_path)


def test_a_recipe_that_changed_is_refused(models, tmp_path):
    recipe = the_recipe(models)
    other = recipe.model_copy(update={"quantization": recipe.quantization.model_copy(update={"weight_bits": 3})})
    with pytest.raises(UserError, match=r"of another network: \[quantization\] of the recipe changed"):
        restore(models / "tiny", other, None, tmp_path)


def test_the_reference_says_how_it_was_trained(models):
    reference = json.loads((models / "tiny" / "reference.json").read_text())
    training = reference["training"]
    assert training["device"].startswith("cpu")
    assert (training["epochs"], training["float_epochs"]) == (1, 0)
    assert training["seconds"] >= 0
    assert 0 <= training["validation_top1"] <= 1
    assert training["float_validation_top1"] is None
    assert reference["recipe"]["train"]["seed"] == reference["seed"] == 1


def test_a_run_from_lower_needs_no_training(models, tmp_path):
    recipe = the_recipe(models)
    job = Job(RunFolder(tmp_path / "tiny"), recipe.hardware, recipe, shipped=models / "tiny")
    report = run_job(job, Console(quiet=True), first="lower", last="lower")
    assert report["reference"]["weights"] == "trained"
    assert report["lower"]["images"] == 359
    assert report["lower"]["mismatches"] == 0
    assert report["lower"]["top1"] == report["reference"]["top1"]
    assert report["export"]["scored_images"] == 359
    assert not job.run.finished("train")


def test_a_training_of_ones_own_comes_before_the_shipped_files(models, tmp_path):
    recipe = the_recipe(models)
    run = RunFolder(tmp_path / "tiny")
    run.claim()
    for name in ("train", "export"):
        shutil.copytree(models / "run" / name, run.stage(name))
    for name in ("train", "export"):
        (run.stage(name) / "stage.json").write_text(json.dumps({"fingerprint": "", "summary": {"own": True}}))
    run_job(
        Job(run, recipe.hardware, recipe, shipped=models / "tiny"), Console(quiet=True), first="lower", last="lower"
    )
    assert run.summary("export") == {"own": True}
