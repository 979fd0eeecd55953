"""`hwcodesign quantize`: from a weights file to integers that go on through lowering, and what it refuses."""

import re

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from hwcodesign.cli import cli, quantize
from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Dataflow
from hwcodesign.graph import interpreter
from hwcodesign.recipe import LayerBitsTable
from tests.export.weight_files import write_safetensors
from tests.quantize.small import images, network, weights

RECIPE = """
[network]
family = "squeezenet"
base_e = 16
incr_e = 0
fire_modules = 2
SR = 0.5
conv1_filters = 8
conv1_kernel = 3
pool_after = ["conv1"]
last_pad = 1
[data]
dataset = "folder"
size = [20, 20]
channels = 3
classes = 5
channel_order = "bgr"
mean = [104, 117, 123]
divisor = [58, 57, 60]
top5 = true
[hardware]
board = "zcu104"
"""


@pytest.fixture
def job(tmp_path):
    """A recipe, its float weights, and a data folder: the arguments of the command."""
    (tmp_path / "tiny.toml").write_text(RECIPE)
    net = network(last_pad=1)
    tensors = {f"{n}.{part}": getattr(w, part) for n, w in weights(net).items() for part in ("weight", "bias")}
    write_safetensors(tmp_path / "w.safetensors", tensors)
    for split, seed in (("val", 1), ("calibration", 2)):
        (tmp_path / "data" / split).mkdir(parents=True)
        for i, image in enumerate(images(12, seed)):
            Image.fromarray(image).save(tmp_path / "data" / split / f"{i:02}.png")
    (tmp_path / "data" / "val.txt").write_text("".join(f"{i:02}.png {i % 5}\n" for i in range(12)))
    (tmp_path / "data" / "classes.txt").write_text("a\nb\nc\nd\ne\n")
    return ["quantize", str(tmp_path / "tiny.toml"), "--weights", str(tmp_path / "w.safetensors"), "--data",
            str(tmp_path / "data"), "--runs", str(tmp_path / "runs"), "--calibration-images", "12"]  # fmt: skip


def run(arguments):
    return CliRunner().invoke(cli, arguments)


def test_to_integers_that_equal_the_quantized_network(job, tmp_path):
    bits = ["--weight-bits", "5", "--activation-bits", "6", "--layer", "conv4=8,8"]
    done = run([*job, *bits])
    assert done.exit_code == 0, (done.output, done.exception)
    assert "fire3.expand3x3" in done.output and "float" in done.output and "top-5" in done.output
    assert "train: up to date" in run([*job, *bits]).output
    lowered = run(["lower", job[1], "--data", job[5], "--runs", job[7]])
    assert lowered.exit_code == 0, (lowered.output, lowered.exception)
    graph = Dataflow.load(tmp_path / "runs" / "tiny" / "lower")
    assert graph.by_name["conv4"].output.type.bits == 8 and graph.by_name["conv1"].output.type.bits == 6
    assert graph.by_name["fire2.squeeze"].attributes["weight_type"] == "int5"
    with np.load(tmp_path / "runs" / "tiny" / "export" / "reference.npz") as reference:
        values = interpreter.run(graph, reference["images"])
        assert np.array_equal(values[:, :5], reference["integer_scores"])
        picture = np.asarray(Image.open(tmp_path / "data" / "val" / "00.png"))
        assert np.array_equal(reference["images"][0], picture[:, :, ::-1])  # blue first


def test_bits_of_the_recipes_layers_stay_where_no_others_are_given() -> None:
    recipes = {"conv1": LayerBitsTable(weight_bits=3), "conv4": LayerBitsTable(weight_bits=4, activation_bits=8)}
    given = {"conv4": LayerBitsTable(weight_bits=6), "fire2": LayerBitsTable(weight_bits=5)}
    assert quantize._merged(recipes, given) == {
        "conv1": LayerBitsTable(weight_bits=3),
        "conv4": LayerBitsTable(weight_bits=6, activation_bits=8),
        "fire2": LayerBitsTable(weight_bits=5),
    }


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--calibration-images", "13"], "holds 12 images, and 13 are asked for"),
        (["--calibration-images", "3"], "give at least 8"),
        (["--calibration-images", "3"], "--calibration-images 3: "),
        (["--layer", "conv1=4", "--layer", "conv1=8"], "conv1 is there twice"),
        (["--layer", "conv9=4"], "quantization.layers.conv9: did you mean"),
        (["--layer", "conv1=4,9"], "say NAME=BITS or NAME=WEIGHTS,ACTIVATIONS"),
        (["--set", "network.base_e=8"], "is of another network: .*where the network has fire2"),
        (["--set", "network.conv1_pad=1"], "conv1: data.mean = .* cannot be folded"),
    ],
)
def test_what_is_refused(job, more, message):
    done = run([*job, *more])
    assert isinstance(done.exception, UserError) and re.search(message, str(done.exception)), done.exception
