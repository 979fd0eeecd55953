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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import Progress
from torch import Tensor, nn

from hwcodesign.data import Dataset, load_dataset, stratified_split
from hwcodesign.errors import UserError
from hwcodesign.nets.build import NetworkModule, quantized_module
from hwcodesign.recipe import Recipe, TrainTable

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
    model = build(recipe).to(where)
    out_folder.mkdir(parents=True, exist_ok=True)
    optimizer, history = _resume(recipe, model, out_folder, where)

    with SummaryWriter(str(out_folder), purge_step=len(history)) as board, Progress() as progress:
        bar = progress.add_task(f"train {recipe.name}", total=schedule.epochs, completed=len(history))
        for epoch in range(len(history), schedule.epochs):
            random = torch.Generator().manual_seed(schedule.seed * 1_000_003 + epoch)
            order = torch.from_numpy(fitted)[torch.randperm(len(fitted), generator=random)]
            # Batch norm knows no variance of a single image.
            batches = [batch for batch in order.split(schedule.batch_size) if len(batch) > 1]

            model.train()
            losses = []
            for step, batch in enumerate(batches):
                rate = _learning_rate(schedule, (epoch + step / len(batches)) / schedule.epochs)
                for group in optimizer.param_groups:
                    group["lr"] = rate
                pixels = _augmented(images[batch.to(where)], schedule, random)
                loss = nn.functional.cross_entropy(LOSS_SHARPNESS * model(pixels), labels[batch.to(where)])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.detach())

            entry = {"epoch": epoch, "loss": _finite(losses, epoch), "learning_rate": rate,
                     "validation_top1": _top1(model, images, labels, torch.from_numpy(validation))}  # fmt: skip
            history.append(entry)
            for key in ("loss", "learning_rate", "validation_top1"):
                board.add_scalar(key, entry[key], epoch)
            _save_epoch(recipe, model, optimizer, history, out_folder)
            progress.update(bar, advance=1, description=f"train {recipe.name}: loss {entry['loss']:.4f}, "
                            f"validation {100 * entry['validation_top1']:.1f} %")  # fmt: skip
    best = _best(history)
    return Trained(out_folder / "best.pt", best["epoch"], best["validation_top1"])


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
    images = np.ascontiguousarray(dataset.train_images.transpose(0, 3, 1, 2))
    return torch.from_numpy(images).to(where), torch.from_numpy(dataset.train_labels).to(where)


def _optimizer(model: NetworkModule, schedule: TrainTable) -> torch.optim.Optimizer:
    """Weight decay holds for convolution weights, not for batch norm and quantizer scales."""
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": schedule.weight_decay}, {"params": others, "weight_decay": 0.0}]
    if schedule.optimizer == "adam":
        return torch.optim.Adam(groups, lr=schedule.learning_rate)
    return torch.optim.SGD(groups, lr=schedule.learning_rate, momentum=schedule.momentum)


def _learning_rate(schedule: TrainTable, done: float) -> float:
    """The rate when the fraction `done` of the training is over: linear (as SqueezeNet was trained) or cosine to 0."""
    left = 1 - done if schedule.schedule == "linear" else (1 + math.cos(math.pi * done)) / 2
    return schedule.learning_rate * left


def _augmented(pixels: Tensor, schedule: TrainTable, random: torch.Generator) -> Tensor:
    """The batch as floats, every image moved by up to `shift` pixels and, with `flip`, mirrored half of the time."""
    count, _, height, width = pixels.shape
    reach = schedule.shift
    rows, columns = torch.randint(0, 2 * reach + 1, (2, count), generator=random).to(pixels.device)
    mirrored = (torch.rand(count, generator=random) < (0.5 if schedule.flip else 0.0)).to(pixels.device)
    padded = nn.functional.pad(pixels, (reach,) * 4)
    across = torch.arange(width, device=pixels.device).expand(count, width)
    across = torch.where(mirrored[:, None], width - 1 - across, across) + columns[:, None]
    down = torch.arange(height, device=pixels.device) + rows[:, None]
    frames = torch.arange(count, device=pixels.device)[:, None, None]
    return padded.permute(0, 2, 3, 1)[frames, down[:, :, None], across[:, None, :]].permute(0, 3, 1, 2).float()


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
    """The epoch with the highest validation accuracy; of equals the latest, at the lowest learning rate."""
    return max(history, key=lambda entry: (entry["validation_top1"], entry["epoch"]))


def _save_epoch(
    recipe: Recipe, model: nn.Module, optimizer: torch.optim.Optimizer, history: list[dict[str, Any]], out_folder: Path
) -> None:
    """Each file is replaced as a whole, last.pt at the end: what it says has happened has been written."""
    state = {"recipe": _identity(recipe), "model": model.state_dict(), "history": history}
    if _best(history) is history[-1]:
        _write(out_folder / "best.pt", state)
    lines = "".join(json.dumps(entry) + "\n" for entry in history)
    _replace(out_folder / "metrics.jsonl", lines.encode())
    _write(out_folder / "last.pt", {**state, "optimizer": optimizer.state_dict()})


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


def _resume(
    recipe: Recipe, model: NetworkModule, out_folder: Path, where: torch.device
) -> tuple[torch.optim.Optimizer, list[dict[str, Any]]]:
    """Restore the last whole epoch, if there is one; returns the optimizer and the metrics of every epoch so far."""
    if not (out_folder / "last.pt").exists():
        return _optimizer(model, recipe.train), []
    state = _load(recipe, out_folder / "last.pt", where)
    model.load_state_dict(state["model"])
    # Only now: Brevitas makes new parameters of its scales when it loads them.
    optimizer = _optimizer(model, recipe.train)
    optimizer.load_state_dict(state["optimizer"])
    return optimizer, list(state["history"])


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
