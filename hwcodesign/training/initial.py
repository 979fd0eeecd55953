"""The weights that a training starts from: random, or those of another one (transfer learning).

Source of the random ones: F. Iandola's dissertation, section 4.8.1; Xavier: X. Glorot, Y. Bengio, 2010 (uniform);
MSRA: K. He et al., Delving deep into rectifiers, 2015 (normal).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from hwcodesign.core.assets import asset_folder
from hwcodesign.core.errors import UserError
from hwcodesign.core.onnx_file import load_model
from hwcodesign.nets.blocks import Activation, QuantizedConv, SignedActivation
from hwcodesign.nets.build import NetworkModule
from hwcodesign.recipe import TrainTable, shipped_with
from hwcodesign.training.checkpoint import read_checkpoint

_PIXELS = "pixels."  # what they are divided by is said by the recipe
GAUSSIAN_DEVIATION = 0.01  # the usual one of AlexNet's time


History = list[dict[str, Any]]


def initialise(model: NetworkModule, schedule: TrainTable) -> History:
    """Set `model`'s weights as the recipe says. Returns the history of the float phase that they come from, if any.

    Raises UserError as `_transfer` does, and if a teacher would be left with a random last layer.
    """
    for module in model.modules():
        if isinstance(module, QuantizedConv):
            _draw(module.weight, schedule.initial)
    if not schedule.start_from:
        return []
    float_history, whole = _transfer(model, schedule.start_from)
    if schedule.distillation and not schedule.teacher and not schedule.float_epochs and not whole:
        raise UserError(
            f"train.start_from = {schedule.start_from!r}: its last layer is not this network's, so that it cannot "
            "teach this one: set train.float_epochs, or train.teacher, or train.distillation to 0"
        )
    return float_history


def _draw(weight: torch.Tensor, how: str) -> None:
    match how:
        case "gaussian":
            nn.init.normal_(weight, std=GAUSSIAN_DEVIATION)
        case "xavier":
            nn.init.xavier_uniform_(weight)
        case "msra":
            nn.init.kaiming_normal_(weight, nonlinearity="relu")


def _transfer(model: NetworkModule, start_from: str) -> tuple[History, bool]:
    """Take over everything but the last convolutions, which know other classes, if their shapes differ.

    Returns the history of the float phase that it is of, if of one (its quantizers have not been used), and whether all
    was taken.
    Raises UserError if it is missing or damaged, or if another layer has another shape, or none.
    """
    path = _file(start_from)
    source = _of_export(path, model) if path.suffix == ".onnx" else _of_checkpoint(path)
    saved, history = source.tensors, source.history
    own = model.state_dict()
    scoring = tuple(f"{name}." for name in model.network.scoring)
    taken = {}
    for key, value in own.items():
        if key.startswith(_PIXELS):
            continue
        if key in saved and saved[key].shape == value.shape:
            taken[key] = saved[key]
        elif not key.startswith(scoring) and not (source.clips and _is_elsewhere(key)):
            there = f"shape {tuple(saved[key].shape)}" if key in saved else "nothing of that name"
            raise UserError(
                f"train.start_from = {start_from!r}: {key} has the shape {tuple(value.shape)} here, and there "
                f"{there}; take a network that differs in its last layer at most"
            )
    model.load_state_dict(taken, strict=False)
    for quantizer, clip in source.clips.items():  # only now: Brevitas makes new parameters of scales when it loads
        model.get_submodule(quantizer).clip_at(clip)
    whole = all(key in taken for key in own if key.startswith(scoring) and not _is_elsewhere(key))
    return [] if history and history[-1]["quantized"] else history, whole


def _file(start_from: str) -> Path:
    """That of a path, or of the trained network that comes with a recipe of that name."""
    path = Path(start_from)
    if path.suffix in (".pt", ".onnx") or path.is_file():
        return path
    folder = shipped_with(start_from)
    if folder is None:
        trained = sorted(file.parent.name for file in asset_folder("models").glob("*/model.onnx"))
        raise UserError(f"train.start_from = {start_from!r}: that recipe comes without trained weights; "
                        f"with them: {', '.join(trained)}")  # fmt: skip
    return folder / "model.onnx"


class _Source(NamedTuple):
    """Tensors by name, the history of the training, and of an exported network where its quantizers clip."""

    tensors: Mapping[str, torch.Tensor]
    history: History
    clips: Mapping[str, float]


def _of_checkpoint(path: Path) -> _Source:
    state = read_checkpoint(path, torch.device("cpu"))
    return _Source(state["model"], state.get("history", []), {})


def _of_export(path: Path, model: NetworkModule) -> _Source:
    """What `export` wrote: weights as they were before rounding, by the names of `model`'s modules, and quantizers at
    nodes that are called as the layers.
    """
    from onnx.numpy_helper import to_array

    graph = load_model(path).graph
    tensors = {tensor.name: to_array(tensor) for tensor in graph.initializer}
    nodes = {node.name: node for node in graph.node if node.op_type == "Quant"}
    clips = {}
    for layer, quantizer in model.network.quantizers.items():
        module, node = model.get_submodule(quantizer), nodes.get(f"/{layer.replace('.', '/')}/Quant")
        scale, bits = (tensors.get(node.input[at]) for at in (1, 3)) if node else (None, None)
        if scale is None or bits is None or scale.size * bits.size != 1:
            continue
        if isinstance(module, Activation | SignedActivation):
            clips[quantizer] = scale.item() * (2 ** (bits.item() - isinstance(module, SignedActivation)) - 1)
    return _Source({name: torch.from_numpy(array.copy()) for name, array in tensors.items()}, [], clips)


def _is_elsewhere(key: str) -> bool:
    """In an exported file no tensor of the module's: a quantizer's scale, how often a batch norm has seen a batch."""
    return "_quant." in key or key.endswith(".num_batches_tracked")
