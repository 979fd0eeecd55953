"""The exported file is the same bytes again, names its layers, and means what the reference says."""

import hashlib
import json

import numpy as np
import onnx
import pytest
import torch
from qonnx.core import onnx_exec
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.util.cleanup import cleanup_model

from hwcodesign.core.errors import UserError
from hwcodesign.export import qonnx as module
from hwcodesign.export.qonnx import evaluate, export, write_onnx
from hwcodesign.nets.build import freeze, quantized_module
from hwcodesign.nets.network import INPUT, Conv, Network, Quantization
from hwcodesign.recipe import Recipe
from hwcodesign.training.loop import train
from hwcodesign.training.network import load_trained

RECIPE = Recipe(
    name="small", hardware={"board": "icebreaker"},
    network={"family": "squeezenet", "base_e": 8, "incr_e": 0, "SR": 0.5, "fire_modules": 2, "conv1_filters": 8,
             "conv1_kernel": 3, "conv1_stride": 1, "pool_after": ["fire2"], "pool_kernel": 2, "bypass": "simple"},
    data={"dataset": "digits", "size": (10, 10), "classes": 10, "mean": 77.7, "divisor": 96},
    train={"epochs": 4, "batch_size": 32, "learning_rate": 0.1},
)  # fmt: skip


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return train(RECIPE, None, tmp_path_factory.mktemp("train"), device="cpu").checkpoint


@pytest.fixture(scope="module")
def exported(checkpoint, tmp_path_factory):
    return export(RECIPE, checkpoint, tmp_path_factory.mktemp("export"))


def run_qonnx(model: onnx.ModelProto, images: np.ndarray) -> np.ndarray:
    """Scores of QONNX's own executor, image by image."""
    wrapped = cleanup_model(ModelWrapper(model))
    source, target = wrapped.graph.input[0].name, wrapped.graph.output[0].name
    frames = images.transpose(0, 3, 1, 2).astype(np.float32)
    return np.concatenate([onnx_exec.execute_onnx(wrapped, {source: frame[None]})[target] for frame in frames])


def test_the_same_bytes_again(checkpoint, exported, tmp_path):
    export(RECIPE, checkpoint, tmp_path)
    for name in ("model.onnx", "reference.json", "reference.npz"):
        assert (tmp_path / name).read_bytes() == (exported.model.parent / name).read_bytes(), name


def test_every_node_is_named_by_its_layer(exported):
    names = [node.name for node in onnx.load(exported.model).graph.node]
    assert len(set(names)) == len(names)
    by_layer = {name.rpartition("/")[0].strip("/").replace("/", ".") for name in names}
    assert by_layer - {node.name for node in RECIPE.describe().nodes} == {
        "normalize", *(f"{conv.name}.weight" for conv in RECIPE.describe().convolutions)
    }  # fmt: skip
    for name in ("/fire3/expand3x3/Conv", "/fire2/add/Add", "/fire2/add/Quant", "/fire3/concat/Concat"):
        assert name in names


def test_names_follow_the_wiring(exported):
    graph = onnx.load(exported.model).graph
    conv = next(node for node in graph.node if node.name == "/fire3/expand3x3/Conv")
    assert list(conv.input) == ["/fire3/squeeze/Quant.output", "/fire3/expand3x3/weight/Quant.output"]
    assert [graph.input[0].name, graph.output[0].name] == ["pixels", "scores"]


def test_the_reference_says_what_was_measured(exported):
    reference = json.loads((exported.model.parent / "reference.json").read_text())
    assert reference == exported.reference
    assert {"dataset", "split", "images", "top1", "device", "versions", "seed", "model_sha256"} <= reference.keys()
    told = {"dataset": "digits", "split": "test", "images": 359, "seed": 1, "float32_differs": 0}
    assert told.items() <= reference.items()
    assert reference["model_sha256"] == hashlib.sha256(exported.model.read_bytes()).hexdigest()
    assert reference["contract"]["mean"] == 77.7
    with np.load(exported.model.parent / "reference.npz") as arrays:
        right = arrays["integer_scores"].argmax(1) == arrays["labels"]
        assert reference["top1"] == right.mean() > 0.5
        assert arrays["images"].shape == (359, 10, 10, 1) and arrays["images"].dtype == np.uint8
        assert np.array_equal(arrays["scores"], arrays["integer_scores"] * reference["contract"]["score_step"])


def test_qonnx_computes_every_score_of_the_reference(exported):
    with np.load(exported.model.parent / "reference.npz") as arrays:
        images, expected = arrays["images"][:20], arrays["integer_scores"][:20]
    scores = run_qonnx(onnx.load(exported.model), images) / exported.reference["contract"]["score_step"]
    assert np.array_equal(np.rint(scores), expected)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_raw_scores_and_few_bits_export_too(tmp_path, bits):
    network = Network("plain", (8, 8, 1), 3, (
        Conv("first", INPUT, 4, kernel=3, quantizer="first.quantizer"),
        Conv("scores", "first", 3, kernel=6),
    ))  # fmt: skip
    torch.manual_seed(bits)
    model = quantized_module(network, Quantization(bits, bits), mean=100.0)
    images = np.random.default_rng(bits).integers(0, 256, (12, 8, 8, 1), dtype=np.uint8)
    for _ in range(10):
        model(torch.from_numpy(images.transpose(0, 3, 1, 2)).float())
    write_onnx(model, tmp_path / "model.onnx")
    scores = run_qonnx(onnx.load(tmp_path / "model.onnx"), images) / module.score_map(freeze(model)).scale[0]
    expected = evaluate(model, images).integer_scores
    assert np.array_equal(np.rint(scores), expected)
    assert len(np.unique(expected)) > 3


def test_an_activation_on_another_level_in_float32_is_counted():
    """1.5 x - 1e-9: float32 rounds the tiny part away, so odd pixels stand on the boundary that they are just below."""
    network = Network("edge", (1, 1, 1), 2, (Conv("c", INPUT, 2, quantizer="c.quantizer"),))
    model = quantized_module(network, Quantization(8, 4), divisor=1.0).eval()
    conv, quantizer = model.get_submodule("c"), model.get_submodule("c.quantizer")
    with torch.no_grad():
        conv.weight.fill_(127.0)
        conv.norm.eps = 0.0
        conv.norm.bias.fill_(2.0**-30 * -1)
        conv.norm.weight.fill_(1.5 / 127)
        quantizer.act_quant.fused_activation_quant_proxy.tensor_quant.scaling_impl.value.fill_(15.0)
        images = np.array([0, 1, 2, 3, 4, 5, 7, 200], np.uint8).reshape(-1, 1, 1, 1)
        exact = [float(v) for v in (1.5 * images.flatten() - 2.0**-30)]
        real32 = model.get_submodule("c")(torch.from_numpy(images.astype(np.float32))).flatten(1)[:, 0].tolist()
    expected = [min(max(round(a), 0), 15) != min(max(round(b), 0), 15) for a, b in zip(exact, real32, strict=True)]
    assert any(expected) and not all(expected)
    assert evaluate(model, images).float32_differs.tolist() == expected


def test_a_missing_checkpoint(tmp_path):
    with pytest.raises(UserError, match=r"there is no checkpoint"):
        export(RECIPE, tmp_path / "best.pt", tmp_path)


def test_a_checkpoint_of_another_recipe(checkpoint, tmp_path):
    other = RECIPE.model_copy(update={"quantization": RECIPE.quantization.model_copy(update={"weight_bits": 2})})
    with pytest.raises(UserError, match=r"trained from another recipe: quantization.weight_bits = 2 \(there: 4\)"):
        load_trained(other, checkpoint)
