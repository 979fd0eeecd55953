"""Float networks that give a map of scores: the same numbers, pixel by pixel, channels innermost."""

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from hwcodesign.cli import cli
from hwcodesign.core.errors import UserError
from hwcodesign.quantize.float_file import read_model
from tests.quantize.float_onnx import Writer, in_file, scores


def segmenter(w: Writer, classes: int) -> str:
    """An encoder of one stride, a decoder that upsamples and takes the encoder's map, too."""
    wide = w.node("Relu", "act", [w.conv("stem", "image", 4)])
    x = w.node("Relu", "low", [w.conv("down", wide, 6, stride=2)])
    x = w.node("Resize", "up", [x, "", w.constant("scales", np.array([1, 1, 2, 2], np.float32))], mode="nearest",
               coordinate_transformation_mode="asymmetric", nearest_mode="floor")  # fmt: skip
    return w.conv("head", w.node("Concat", "skip", [x, wide], 10, axis=1), classes, 1, pad=0)


def require_same_map(path) -> None:
    found, pixels = read_model(path), np.random.default_rng(0).random((3, 2, 6, 6))
    wanted = np.moveaxis(in_file(path, pixels), 1, -1).reshape(3, -1)
    assert np.allclose(scores(found, pixels).numpy(), wanted, atol=1e-5)


@pytest.mark.parametrize("classes", [1, 3])
def test_scores_of_every_pixel(classes, tmp_path):
    w = Writer((1, 2, 6, 6))
    path = w.save(tmp_path / "segment.onnx", segmenter(w, classes))
    require_same_map(path)
    network = read_model(path).network
    assert network.classes == (classes if classes > 1 else 36) and network.outputs == 36 * classes


def test_scores_that_are_upsampled_last(tmp_path):
    w = Writer((1, 2, 6, 6))
    x = w.conv("head", w.node("Relu", "act", [w.conv("stem", "image", 4, stride=2)]), 3)
    scales = w.constant("scales", np.array([1, 1, 2, 2], np.float32))
    x = w.node("Resize", "up", [x, "", scales], mode="nearest", coordinate_transformation_mode="asymmetric",
               nearest_mode="floor")  # fmt: skip
    path = w.save(tmp_path / "up.onnx", x)
    require_same_map(path)
    assert "head" not in read_model(path).network.quantizers


def test_pixels_made_last_are_quantized_first(tmp_path):
    """Super-resolution: the channels of a pixel have no bias of their own in the map that they become."""
    w = Writer((1, 2, 6, 6))
    x = w.conv("head", w.node("Relu", "act", [w.conv("stem", "image", 4, stride=2)]), 4)
    path = w.save(tmp_path / "fine.onnx", w.node("DepthToSpace", "grow", [x], blocksize=2, mode="CRD"))
    require_same_map(path)
    assert "head" in read_model(path).network.quantizers


def test_a_sigmoid_at_the_end_is_the_hosts(tmp_path):
    w = Writer((1, 2, 6, 6))
    x = w.conv("head", w.node("Relu", "act", [w.conv("stem", "image", 4)]), 3)
    path = w.save(tmp_path / "mask.onnx", w.node("Sigmoid", "mask", [x]))
    found, pixels = read_model(path), np.random.default_rng(0).random((3, 2, 6, 6))
    wanted = np.moveaxis(in_file(path, pixels), 1, -1).reshape(3, -1)
    assert np.allclose(scores(found, pixels).sigmoid().numpy(), wanted, atol=1e-5)


def test_a_map_with_its_channels_last(tmp_path):
    w = Writer((1, 2, 6, 6))
    x = w.conv("head", w.node("Relu", "act", [w.conv("stem", "image", 4)]), 3)
    path = w.save(tmp_path / "last.onnx", w.node("Transpose", "turn", [x], perm=[0, 2, 3, 1]))
    found, pixels = read_model(path), np.random.default_rng(0).random((3, 2, 6, 6))
    assert np.allclose(scores(found, pixels).numpy(), in_file(path, pixels).reshape(3, -1), atol=1e-5)


def test_scores_in_an_order_that_hardware_has_not(tmp_path):
    w = Writer((1, 2, 6, 6))
    x = w.conv("head", w.node("Relu", "act", [w.conv("stem", "image", 4)]), 3)
    with pytest.raises(UserError, match="turn: it reads what turn reorders"):
        read_model(w.save(tmp_path / "turned.onnx", w.node("Transpose", "turn", [x], perm=[0, 1, 3, 2])))


@pytest.fixture
def photographs(tmp_path):
    random, folder = np.random.default_rng(1), tmp_path / "photographs"
    folder.mkdir()
    for number in range(12):
        Image.fromarray(random.integers(0, 256, (6, 6, 3), dtype=np.uint8)).save(folder / f"{number:02d}.png")
    return folder


def finer(w: Writer) -> str:
    x = w.conv("head", w.node("Relu", "act", [w.conv("stem", "image", 4)]), 12)
    return w.node("DepthToSpace", "grow", [x], blocksize=2, mode="CRD")


def swapped(w: Writer) -> str:
    x = w.conv("head", w.node("Relu", "act", [w.conv("stem", "image", 4)]), 4)
    return w.node("Gather", "swap", [x, w.constant("order", np.array([2, 0, 1]))], axis=1)


@pytest.mark.parametrize("ending", [lambda w: segmenter(w, 3), finer, swapped])
def test_from_the_file_to_hardware(ending, tmp_path, photographs, monkeypatch):
    """Quantized by all unlabelled images that there are, then lowered: no integer is another than the exported."""
    monkeypatch.chdir(tmp_path)
    w = Writer((1, 3, 6, 6))
    path = w.save(tmp_path / "segment.onnx", ending(w))
    told = ["quantize", "--model", str(path), "--board", "ulx3s-85f", "--calibration", str(photographs)]
    refused = CliRunner().invoke(cli, [*told, "--distil", "1"])
    assert isinstance(refused.exception, UserError) and "a map of scores, which names none" in str(refused.exception)
    made = CliRunner().invoke(cli, [*told, "--reconstruct", "2"])
    assert made.exit_code == 0, made.output
    proven = CliRunner().invoke(cli, ["lower", "runs/segment.toml"])
    assert proven.exit_code == 0, (proven.output, proven.exception)
    assert "0 of 12 images differ from the exported network in any score" in proven.output
