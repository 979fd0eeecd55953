"""Trained files beside a recipe: packed, found, and taken instead of a training, whatever the order of the images."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from rich.console import Console

from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import RunFolder
from hwcodesign.data import load_dataset
from hwcodesign.export.pretrained import restore, ship
from hwcodesign.export.qonnx import export
from hwcodesign.flow.pipeline import run_job
from hwcodesign.job import Job
from hwcodesign.recipe import load_recipe, shipped_with
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
