"""Training with quantization in the loop (QAT).

    hwcodesign train digits-squeezenet
    hwcodesign train my-recipe.toml --data FOLDER --device cuda

Everything random is drawn from generators seeded with (the recipe's seed, the epoch), so a training that was
interrupted continues after its last whole epoch and ends with the very bits of one that was not.
"""

import io
import json
import math
import os
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from rich.progress import Progress
from torch import Tensor, nn

from hwcodesign.data import Dataset, load_dataset, stratified_split
from hwcodesign.errors import UserError
from hwcodesign.nets.blocks import set_quantized
from hwcodesign.nets.build import NetworkModule, quantized_module
from hwcodesign.recipe import Recipe, TrainTable
from hwcodesign.training.activation_range import set_ranges
from hwcodesign.training.augment import augmented
from hwcodesign.training.average import Average
from hwcodesign.training.schedule import learning_rate, quantizes, total_epochs

VALIDATION = 0.1  # of the training images; it chooses the best epoch, so that the held-out test images never do

# Scores behind a ReLU and batch norm span about 0 to 3, too little for a confident softmax. The class is the same.
LOSS_SHARPNESS = 4.0


@dataclass(frozen=True)
class Trained:
    """What `train` leaves behind: the checkpoint of the best epoch, and that epoch's validation accuracy."""

    checkpoint: Path
    epoch: int
    validation_top1: float


def train(recipe: Recipe, data_folder: Path | None, out_folder: Path, device: str = "auto") -> Trained:
    """Train `recipe`'s network and write best.pt, last.pt, metrics.jsonl and TensorBoard events into `out_folder`.

    Continues where an interrupted training in `out_folder` stopped. `device`: auto, cpu, cuda, cuda:1, ...
    Raises UserError if the data or the device is not there, if `out_folder` holds another recipe's training, or if
    the loss is no longer a number.
    """
    from torch.utils.tensorboard import SummaryWriter

    schedule, where = recipe.train, _device(device)
    dataset = load_dataset(recipe.data, data_folder)
    fitted, validation = stratified_split(dataset.train_labels, VALIDATION, schedule.seed)
    if len(validation) == 0:
        raise UserError(f"{dataset.name} has one training image of each class; it needs two, one to validate with")
    images, labels = _to_tensors(dataset, where)

    torch.set_num_threads(schedule.threads)
    torch.manual_seed(schedule.seed)
    torch.backends.cudnn.deterministic = True
    out_folder.mkdir(parents=True, exist_ok=True)
    state = _resumed(recipe, out_folder, where)
    model, history, epochs = state.model, state.history, total_epochs(schedule)

    with SummaryWriter(str(out_folder), purge_step=len(history)) as board, Progress() as progress:
        bar = progress.add_task(f"train {recipe.name}", total=epochs, completed=len(history))
        for epoch in range(len(history), epochs):
            random = torch.Generator().manual_seed(schedule.seed * 1_000_003 + epoch)
            order = torch.from_numpy(fitted)[torch.randperm(len(fitted), generator=random)]
            # Batch norm knows no variance of a single image.
            batches = [batch for batch in order.split(schedule.batch_size) if len(batch) > 1]
            if 0 < epoch == schedule.float_epochs:
                state = _quantized(state, schedule, [images[batch.to(where)].float() for batch in batches[:8]])
                model = state.model

            model.train()
            losses = []
            start = time.monotonic()
            for step, batch in enumerate(batches):
                rate = learning_rate(schedule, epoch + step / len(batches))
                for group in state.optimizer.param_groups:
                    group["lr"] = rate
                pixels = augmented(images[batch.to(where)], schedule, random)
                with _precision(schedule, epoch, where):
                    scores = LOSS_SHARPNESS * model(pixels)
                loss = nn.functional.cross_entropy(
                    scores.float(), labels[batch.to(where)], label_smoothing=schedule.label_smoothing
                )
                state.optimizer.zero_grad()
                loss.backward()
                state.optimizer.step()
                if state.average:
                    state.average.update(model)
                losses.append(loss.detach())

            entry = {
                "epoch": epoch,
                "quantized": quantizes(schedule, epoch),
                "loss": _finite(losses, epoch),
                "learning_rate": rate,
                "images_per_second": round(len(fitted) / (time.monotonic() - start)),
                "validation_top1": _top1(state.best_model, images, labels, torch.from_numpy(validation)),
            }
            history.append(entry)
            for key in ("loss", "learning_rate", "images_per_second", "validation_top1"):
                board.add_scalar(key, entry[key], epoch)
            _save_epoch(recipe, state, out_folder)
            progress.update(bar, advance=1, description=f"train {recipe.name}: loss {entry['loss']:.4f}, "
                            f"validation {100 * entry['validation_top1']:.1f} %, "
                            f"{entry['images_per_second']} images/s")  # fmt: skip
    best = _best(history)
    return Trained(out_folder / "best.pt", best["epoch"], best["validation_top1"])


@dataclass
class _State:
    """What changes from step to step; `history` holds the metrics of every epoch so far."""

    model: NetworkModule
    optimizer: torch.optim.Optimizer
    average: Average | None
    history: list[dict[str, Any]]

    @property
    def best_model(self) -> NetworkModule:
        """The network to validate and to ship."""
        return cast(NetworkModule, self.average.model) if self.average else self.model


def _quantized(state: _State, schedule: TrainTable, batches: list[Tensor]) -> _State:
    """The start of the second phase: the float phase's network with its quantizers on, their ranges measured."""
    model = state.best_model.requires_grad_(True)
    set_ranges(model, batches)
    set_quantized(model, True)
    return _fresh_state(model, schedule, state.history)


def _fresh_state(model: NetworkModule, schedule: TrainTable, history: list[dict[str, Any]]) -> _State:
    average = Average(model, schedule.average) if schedule.average else None
    return _State(model, _optimizer(model, schedule), average, history)


def _precision(schedule: TrainTable, epoch: int, where: torch.device) -> AbstractContextManager[Any]:
    """bfloat16 has 8 significant bits: enough for the float phase, too few for sums of quantized products."""
    lower = schedule.float_precision == "bfloat16" and not quantizes(schedule, epoch)
    return torch.autocast(where.type, torch.bfloat16, enabled=lower)


def build(recipe: Recipe) -> NetworkModule:
    """The recipe's quantized network, untrained. Raises UserError if hardware could not compute it exactly."""
    return quantized_module(
        recipe.describe(), recipe.quantization.to_quantization(), recipe.data.mean, recipe.data.divisor
    )


def save_weights(recipe: Recipe, model: NetworkModule, path: Path) -> None:
    """Write weights of `recipe`'s network that `load_trained` reads, with no history of a training."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, {"recipe": _identity(recipe), "model": model.state_dict(), "history": []})


def load_trained(recipe: Recipe, checkpoint: Path) -> NetworkModule:
    """The recipe's network with the weights of `checkpoint`, on the CPU, ready to evaluate.

    Raises UserError if the checkpoint is missing, damaged, or of another recipe.
    """
    model = build(recipe)
    model.load_state_dict(_load(recipe, checkpoint, torch.device("cpu"))["model"])
    return model.eval()


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        cause = str(error).splitlines()[0]
        raise UserError(f"--device {name}: PyTorch cannot use it ({cause}); try auto or cpu") from None
    return torch.device(name)


def _to_tensors(dataset: Dataset, where: torch.device) -> tuple[Tensor, Tensor]:
    """Training images as uint8 NCHW, and their labels."""
    images = dataset.train_images.transpose(0, 3, 1, 2).copy()
    return torch.from_numpy(images).to(where), torch.from_numpy(dataset.train_labels).to(where)


def _optimizer(model: NetworkModule, schedule: TrainTable) -> torch.optim.Optimizer:
    """Weight decay holds for convolution weights, not for batch norm and quantizer scales."""
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": schedule.weight_decay}, {"params": others, "weight_decay": 0.0}]
    if schedule.optimizer == "adam":
        return torch.optim.Adam(groups, lr=schedule.learning_rate)
    return torch.optim.SGD(groups, lr=schedule.learning_rate, momentum=schedule.momentum)


def _finite(losses: list[Tensor], epoch: int) -> float:
    mean = float(torch.stack(losses).mean())
    if not math.isfinite(mean):
        raise UserError(f"epoch {epoch}: the loss is {mean}; lower train.learning_rate and start again")
    return mean


@torch.no_grad()
def _top1(model: NetworkModule, images: Tensor, labels: Tensor, chosen: Tensor) -> float:
    model.eval()
    parts = chosen.to(images.device).split(256)
    right = sum(int((model(images[part].float()).argmax(1) == labels[part]).sum()) for part in parts)
    return right / len(chosen)


def _best(history: list[dict[str, Any]]) -> dict[str, Any]:
    """The epoch with the highest validation accuracy; of equals the latest, at the lowest learning rate.

    A quantized epoch beats every float one.
    """
    return max(history, key=lambda entry: (entry["quantized"], entry["validation_top1"], entry["epoch"]))


def _save_epoch(recipe: Recipe, state: _State, out_folder: Path) -> None:
    """Each file is replaced as a whole, last.pt at the end: what it says has happened has been written."""
    written = {"recipe": _identity(recipe), "model": state.best_model.state_dict(), "history": state.history}
    if _best(state.history) is state.history[-1]:
        _write(out_folder / "best.pt", written)
    if len(state.history) == recipe.train.float_epochs:
        _write(out_folder / "float.pt", written)
    lines = "".join(json.dumps(entry) + "\n" for entry in state.history)
    _replace(out_folder / "metrics.jsonl", lines.encode())
    last = {**written, "model": state.model.state_dict(), "optimizer": state.optimizer.state_dict()}
    if state.average:
        last["average"] = {"model": state.average.model.state_dict(), "steps": state.average.steps}
    _write(out_folder / "last.pt", last)


def _write(path: Path, state: dict[str, Any]) -> None:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    _replace(path, buffer.getvalue())


def _replace(path: Path, content: bytes) -> None:
    whole = path.with_name(path.name + ".part")
    try:
        whole.write_bytes(content)
        os.replace(whole, path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; training continues from there once it can") from None


def _resumed(recipe: Recipe, out_folder: Path, where: torch.device) -> _State:
    """The state behind the last whole epoch, or the start if there is none."""
    model = build(recipe).to(where, memory_format=torch.channels_last)
    if not (out_folder / "last.pt").exists():
        set_quantized(model, quantizes(recipe.train, 0))
        return _fresh_state(model, recipe.train, [])
    saved = _load(recipe, out_folder / "last.pt", where)
    set_quantized(model, quantizes(recipe.train, len(saved["history"]) - 1))
    model.load_state_dict(saved["model"])
    # Only now: Brevitas makes new parameters of its scales when it loads them.
    state = _fresh_state(model, recipe.train, list(saved["history"]))
    state.optimizer.load_state_dict(saved["optimizer"])
    if state.average:
        state.average.model.load_state_dict(saved["average"]["model"])
        state.average.steps = saved["average"]["steps"]
    return state


def _load(recipe: Recipe, path: Path, where: torch.device) -> dict[str, Any]:
    try:
        state = torch.load(path, map_location=where, weights_only=True)
        identity = state["recipe"]
    except FileNotFoundError:
        raise UserError(f"there is no checkpoint {path}: train first") from None
    except Exception as error:  # torch.load raises whatever the damaged bytes lead to
        raise UserError(f"{path} is not a checkpoint of ours, or damaged: {error}") from None
    changed = [key for key, value in _identity(recipe).items() if identity[key] != value]
    if changed:
        raise UserError(f"{path} was trained from another recipe: {', '.join(changed)} differ; "
                        f"take that recipe, or train into another folder")  # fmt: skip
    return dict(state)


def _identity(recipe: Recipe) -> dict[str, Any]:
    """The tables of a recipe that a training depends on: not the hardware."""
    values = json.loads(recipe.model_dump_json())
    return {key: values[key] for key in ("network", "quantization", "data", "train")}
