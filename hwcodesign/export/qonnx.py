"""From a trained checkpoint to a QONNX file, and to the reference that everything downstream must equal.

Writes model.onnx; reference.json (what was measured, on what, with which versions); and reference.npz: the held-out
`images` (uint8 NHWC) and `labels`, and for every image its `integer_scores` (int64: what hardware computes) and
`scores` (float64: integer_scores * score_step, the network's real-valued output), and `task` (what the network was
trained to do with pictures, as JSON). A network with random weights is
measured on random images, one that was quantized without labels on the images that it was quantized with: they have no
labels, and `top1`, or what else its task is judged by, is null.
"""

import hashlib
import importlib.metadata
import json
import math
import platform
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hwcodesign.core.layer_name import FUNCTIONS
from hwcodesign.core.progress import frames_bar
from hwcodesign.core.score_map import ScoreMap
from hwcodesign.core.tasks import Scored
from hwcodesign.data import load_dataset
from hwcodesign.data.folder import read_unlabelled
from hwcodesign.export.picture_task import task_of
from hwcodesign.nets.build import NetworkModule, freeze, score_map
from hwcodesign.nets.network import (
    Add,
    AvgPool,
    Channels,
    Concat,
    Conv,
    GlobalAvgPool,
    MaxPool,
    Network,
    PixelShuffle,
    Upsample,
)
from hwcodesign.recipe import Recipe
from hwcodesign.training import random_weights
from hwcodesign.training.checkpoint import recipe_tables
from hwcodesign.training.network import load_trained
from hwcodesign.training.state import training_summary

_BATCH = 256
_MOST_ELEMENTS = 1 << 25  # of a layer's output, in a batch: it bounds the memory
_OPSET = 13
_ONNX_OPERATORS = {
    "Conv": Conv,
    "MaxPool": MaxPool,
    "AveragePool": AvgPool,
    "GlobalAveragePool": GlobalAvgPool,
    "Resize": Upsample,
    "Gather": Channels,
    "DepthToSpace": PixelShuffle,
    "Concat": Concat,
    "Add": Add,
}
_ONNX_QUANTIZERS = ("Quant", "BipolarQuant")
_PACKAGES = ("hwcodesign", "torch", "brevitas", "qonnx", "onnx", "numpy")


@dataclass(frozen=True)
class Exported:
    """The written files, and the content of reference.json."""

    model: Path
    reference: dict[str, Any]


@dataclass(frozen=True)
class HeldOut:
    """Images (uint8 NHWC) to measure on, their labels if they have any, what they are, and what weights are used.

    `classes` are the names that labels stand for.
    """

    images: np.ndarray
    labels: np.ndarray | None
    classes: tuple[str, ...] | None
    dataset: str
    split: str
    weights: str


@dataclass(frozen=True)
class Evaluation:
    """Of every image: integer scores (images, classes), and whether float32 put some activation on another level."""

    integer_scores: np.ndarray
    float32_differs: np.ndarray


def export(
    recipe: Recipe,
    checkpoint: Path,
    out_folder: Path,
    data_folder: Path | None = None,
    random_weights: bool = False,
    unlabelled: tuple[Path, int] | None = None,
) -> Exported:
    """Write model.onnx, reference.json and reference.npz into `out_folder`; the same bytes on repeat.

    `random_weights`: the checkpoint is from `untrained`, so random images take the place of the held-out ones; so many
    of a folder do if they are `unlabelled`.
    Raises UserError if the checkpoint or the data is missing, damaged, or of another recipe.
    """
    torch.set_num_threads(recipe.train.threads)
    model = load_trained(recipe, checkpoint)
    if random_weights:
        measured = _untrained(recipe)
    else:
        measured = _of_no_class(recipe, *unlabelled) if unlabelled else _held_out(recipe, data_folder)
    out_folder.mkdir(parents=True, exist_ok=True)
    write_onnx(model, out_folder / "model.onnx")
    with frames_bar("reference", len(measured.images)) as on_frames:
        evaluation = evaluate(model, measured.images, on_frames)
    meant = score_map(freeze(model))
    arrays = {"images": measured.images, "integer_scores": evaluation.integer_scores}
    arrays["scores"] = meant.affine(evaluation.integer_scores)
    if measured.labels is not None:
        arrays |= {"labels": measured.labels, "task": np.array(task_of(recipe.data, measured.classes or ()).text)}
    np.savez_compressed(out_folder / "reference.npz", **arrays)
    reference = _reference(recipe, measured, evaluation, meant, out_folder / "model.onnx")
    reference["training"] = None if random_weights else training_summary(recipe, checkpoint)
    if not random_weights and reference["training"] is None:
        reference["weights"] = "quantized without training"
    (out_folder / "reference.json").write_text(json.dumps(reference, indent=1) + "\n")
    return Exported(out_folder / "model.onnx", reference)


def _held_out(recipe: Recipe, data_folder: Path | None) -> HeldOut:
    dataset = load_dataset(recipe.data, data_folder, training=False)
    return HeldOut(dataset.test_images, dataset.test_labels, dataset.classes, dataset.name, "test", "trained")


def _of_no_class(recipe: Recipe, folder: Path, count: int) -> HeldOut:
    images = read_unlabelled(folder, recipe.data.preprocessing, count, fewer=True)  # as many as were quantized with
    return HeldOut(images, None, None, folder.name, "unlabelled", "trained")


def _untrained(recipe: Recipe) -> HeldOut:
    return HeldOut(
        random_weights.reference_images(recipe), None, None, "none", "random", random_weights.describe(recipe)
    )


def write_onnx(model: NetworkModule, path: Path) -> None:
    """Write `model` as QONNX: input (1, channels, height, width) of raw pixels 0..255, output (1, classes) scores.

    The nodes of layer fire2.expand3x3 are called /fire2/expand3x3/Conv, .../BatchNormalization, .../Quant.
    """
    height, width, channels = model.network.input_shape
    blank = torch.zeros(1, channels, height, width)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of optional packages that are not there, and of constants while tracing
        from brevitas.export import export_qonnx

        proto = export_qonnx(model.eval(), blank, dynamo=False, opset_version=_OPSET)
    name_by_path(proto.graph, model.network)
    path.write_bytes(proto.SerializeToString(deterministic=True))


def name_by_path(graph: Any, network: Network) -> None:
    """Name every ONNX node and tensor after the layer that it belongs to.

    Both lists run in the order of execution, so the k-th convolution here is the k-th there; what follows an operator
    (batch norm, ReLU, quantizer) is part of its layer, and a quantizer of weights knows its layer by their name. Behind
    a layer's quantizer, one more is a layer of its own, with the ReLU in front of it: it quantizes again.
    """
    layers = iter(network.nodes)
    weights = {tensor.name for tensor in graph.initializer if tensor.name.endswith(".weight")}
    renamed = {graph.input[0].name: "pixels", graph.output[0].name: "scores"}
    owner, quantized = "normalize", False
    for node in graph.node:
        if node.op_type in _ONNX_OPERATORS:
            layer = next(layers)
            assert isinstance(layer, _ONNX_OPERATORS[node.op_type]), f"{node.name} is not {layer.name}"
            owner, quantized = layer.name, layer.name not in network.quantizers
        of_weights = node.input[0] in weights
        quantizes = node.op_type in _ONNX_QUANTIZERS and not of_weights
        if quantizes or node.op_type in ("Relu", "LeakyRelu"):
            if quantized:
                owner = next(layers).name
            quantized = quantizes
        path = (node.input[0] if of_weights else owner).replace(".", "/")
        joins = node.op_type in FUNCTIONS and path.rpartition("/")[2] != node.op_type.lower()
        node.name = f"/{path}" if joins else f"/{path}/{node.op_type}"  # /block/Add would be called block.add
        renamed.setdefault(node.output[0], f"{node.name}.output")
    _rename_tensors(graph, renamed)


def _rename_tensors(graph: Any, renamed: dict[str, str]) -> None:
    for node in graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]
    for value in (*graph.input, *graph.output, *graph.value_info):
        value.name = renamed.get(value.name, value.name)


@torch.no_grad()
def evaluate(
    model: NetworkModule, images: np.ndarray, on_frames: Callable[[int], None] = lambda done: None
) -> Evaluation:
    """The exact scores of `images` (uint8 NHWC): weights frozen as exported, arithmetic in float64.

    The same images go through training's float32 arithmetic too, to count those with an activation on another level.
    """
    exact = freeze(model)
    meant = score_map(exact)
    largest = max(math.prod(shape) for shape in model.network.shapes.values())
    batch = max(1, min(_BATCH, _MOST_ELEMENTS // largest))
    scores, flips = [], []
    for start in range(0, len(images), batch):
        raw = torch.from_numpy(images[start : start + batch].transpose(0, 3, 1, 2).copy())
        real, levels = with_levels(exact, raw.double(), exact)
        _, levels_float32 = with_levels(model.eval(), raw.float(), exact)
        flips.append(_any_differs(levels, levels_float32, len(raw)))
        scores.append(_integers(meant.steps(real.numpy())))
        on_frames(min(start + batch, len(images)))
    return Evaluation(np.concatenate(scores), np.concatenate(flips))


def _integers(values: np.ndarray) -> np.ndarray:
    nearest = np.rint(values)
    assert np.abs(values - nearest).max() < 1e-6, "a score is not a multiple of the score step"
    return nearest.astype(np.int64)


def with_levels(
    model: NetworkModule, raw: torch.Tensor, exact: NetworkModule
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Scores, and the integer level of every activation behind a quantizer, in the order they are computed."""
    levels: list[torch.Tensor] = []

    def keep(scale: torch.Tensor) -> Any:
        return lambda _module, _inputs, output: levels.append(torch.round(output.double() / scale).to(torch.int16))

    scales = {name: exact.get_submodule(name).scale for name in model.quantizers}
    hooks = [model.get_submodule(name).register_forward_hook(keep(scale)) for name, scale in scales.items()]
    try:
        return model(raw), levels
    finally:
        for hook in hooks:
            hook.remove()


def _any_differs(left: list[torch.Tensor], right: list[torch.Tensor], images: int) -> np.ndarray:
    """Per image: does any level differ? A single layer has none."""
    differing = np.zeros(images, dtype=bool)
    for a, b in zip(left, right, strict=True):
        differing |= (a != b).flatten(1).any(1).numpy()
    return differing


def _figures(recipe: Recipe, measured: HeldOut, evaluation: Evaluation, meant: ScoreMap) -> dict[str, float | None]:
    """How good the network is at its task; of random weights nobody asks."""
    if measured.labels is None:
        return {recipe.task.test[0].key: None}
    pictures = task_of(recipe.data, measured.classes or ())
    scored = Scored(measured.images, evaluation.integer_scores, meant, pictures, measured.labels)
    return dict(recipe.task.figures(scored))


def _reference(
    recipe: Recipe, measured: HeldOut, evaluation: Evaluation, meant: ScoreMap, model: Path
) -> dict[str, Any]:
    biases = {} if meant.bias == (0.0,) else {"score_bias": list(meant.bias)}
    return {
        "dataset": measured.dataset,
        "split": measured.split,
        "classes": None if measured.classes is None else list(measured.classes),
        "images": len(measured.images),
        **_figures(recipe, measured, evaluation, meant),
        "weights": measured.weights,
        "device": f"cpu ({platform.machine()}), float64",
        "versions": {"python": platform.python_version()} | {p: importlib.metadata.version(p) for p in _PACKAGES},
        "recipe": recipe_tables(recipe),
        "seed": recipe.train.seed,
        "model_sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "contract": dict(zip(("mean", "divisor"), recipe.data.scalars, strict=True))
        | {"score_step": meant.scale[0]}
        | biases,
        "float32_differs": int(evaluation.float32_differs.sum()),
    }
