"""`hwcodesign quantize --model`: a float network becomes a recipe, its integers, and hardware that equals them."""

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from hwcodesign.cli import cli
from hwcodesign.core.errors import UserError
from hwcodesign.data.folder import unlabelled_alone
from hwcodesign.dataflow import Dataflow
from hwcodesign.graph import interpreter
from hwcodesign.quantize.float_file import read_model
from hwcodesign.recipe import LayerBitsTable, load_recipe
from hwcodesign.start.float_recipe import float_recipe, rewrite_bits, write_recipe
from tests.quantize.float_onnx import residual
from tests.quantize.small import images


@pytest.fixture
def job(tmp_path):
    """The command's arguments: a float network, and a data folder."""
    for split, seed in (("train", 1), ("test", 2)):
        for i, image in enumerate(images(15, seed)):
            (tmp_path / "data" / split / "abcde"[i % 5]).mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).resize((10, 10)).save(tmp_path / "data" / split / "abcde"[i % 5] / f"{i:02}.png")
    path = residual(tmp_path / "float.onnx", (1, 3, 10, 10))
    where = ["--data", str(tmp_path / "data"), "--runs", str(tmp_path / "runs")]
    bits = ["--board", "zcu104", "--weight-bits", "5", "--activation-bits", "6", "--layer", "fc=8"]
    return ["quantize", "--model", str(path), *where, "--calibration-images", "12", *bits]


def run(arguments):
    return CliRunner().invoke(cli, arguments)


def test_from_a_float_file_to_integers_that_hardware_has(job, tmp_path):
    done = run([*job, "--reconstruct", "2", "--distil", "1"])
    assert done.exit_code == 0, (done.output, done.exception)
    assert "reconstruction of fc: squared error" in done.output
    assert "distillation, epoch 1" in done.output and "next: hwcodesign run" in done.output
    recipe = load_recipe(str(tmp_path / "runs" / "float.toml"))
    assert recipe.data.border == 1 and recipe.data.size == (12, 12)  # 0.4 is 102 of 255, and 0 to the network
    assert recipe.data.mean == 102 and recipe.data.divisor == 63.75
    lowered = run(["lower", str(tmp_path / "runs" / "float.toml"), *job[3:7]])
    assert lowered.exit_code == 0, (lowered.output, lowered.exception)
    graph = Dataflow.load(tmp_path / "runs" / "float" / "lower")
    with np.load(tmp_path / "runs" / "float" / "export" / "reference.npz") as reference:
        assert np.array_equal(interpreter.run(graph, reference["images"])[:, :5], reference["integer_scores"])
        real = graph.score_map.affine(reference["integer_scores"])
        assert np.allclose(real, reference["scores"]) and len(set(graph.score_map.bias)) == 5
        assert reference["images"].shape[1:] == (12, 12, 3) and np.all(reference["images"][:, 0] == 102)


def test_somebodys_network_is_not_calibrated_on_digits_unless_they_are_asked_for(job, tmp_path):
    bare = [*job[:3], *job[5:]]
    refused = run(bare)
    assert "needs images such as the network was trained with" in str(refused.exception)
    grey = run([*bare, "--set", "data.dataset=digits"])
    assert "the digits are grey; use channels = 1" in str(grey.exception)


def test_images_without_labels_are_enough(job, tmp_path):
    """Those of a folder of their own, or of a data set that has no others."""
    bare, photographs = [*job[:3], *job[5:]], tmp_path / "data" / "train"
    done = run([*bare, "--calibration", str(photographs)])
    assert done.exit_code == 0 and "top-1" not in done.output, (done.output, done.exception)
    with np.load(tmp_path / "runs" / "float" / "export" / "reference.npz") as reference:
        assert reference["images"].shape == (12, 12, 12, 3) and "labels" not in reference
    (tmp_path / "set").mkdir()
    photographs.rename(tmp_path / "set" / "calibration")
    assert unlabelled_alone(tmp_path / "set") and not unlabelled_alone(tmp_path / "data")


def test_what_the_pixels_are_is_told_for_the_file(tmp_path):
    found = read_model(residual(tmp_path / "float.onnx"))
    tables = float_recipe("float", found, None, "none", {"data.mean": [10, 20, 30], "data.divisor": 100.0})
    assert tables["data"]["mean"] == [50, 60, 70] and tables["data"]["divisor"] == 25
    with pytest.raises(UserError, match="one number each, or one for each channel"):
        float_recipe("float", found, None, "none", {"data.mean": "grey"})


def test_raised_bits_are_written_down(tmp_path):
    source, path = residual(tmp_path / "float.onnx"), tmp_path / "runs" / "float.toml"
    write_recipe(path, float_recipe("float", read_model(source), None, "zcu104", {}), source)
    before = load_recipe(str(path))
    bits = {"dw": LayerBitsTable(weight_bits=7), "layer1.conv1": LayerBitsTable(weight_bits=5, activation_bits=6)}
    raised = before.quantization.model_copy(update={"layers": bits, "activation_bits": 8})
    rewrite_bits(path, before.model_copy(update={"quantization": raised}), source)
    after = load_recipe(str(path))
    assert after.quantization == raised and after.network == before.network and after.data == before.data
    assert after.describe().weight_bits(after.quantization.to_quantization())["layer1.conv1"] == 5


def test_somebodys_own_file_stays(tmp_path):
    (tmp_path / "mine.toml").write_text("# my own\n")
    with pytest.raises(UserError, match=r"was not made by this command: it stays as it is"):
        write_recipe(tmp_path / "mine.toml", {}, tmp_path / "x.onnx")
    assert (tmp_path / "mine.toml").read_text() == "# my own\n"


@pytest.mark.parametrize("arguments", [[], ["digits-squeezenet"], ["digits-squeezenet", "--model", "x.onnx"]])
def test_one_network_is_asked_for(arguments):
    done = run(["quantize", *arguments])
    assert isinstance(done.exception, UserError) and "or a whole float network" in str(done.exception)
