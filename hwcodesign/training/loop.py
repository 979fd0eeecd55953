"""Training with quantization in the loop (QAT), from random weights or from a float phase before it.

    hwcodesign train digits-squeezenet
    hwcodesign train my-recipe.toml --data FOLDER --device cuda
    torchrun --nproc-per-node 4 -m hwcodesign train my-recipe.toml      (see training/workers.py)

Everything random is drawn from generators seeded with (the recipe's seed, the epoch), so a training that was
interrupted continues after its last whole epoch and ends with the very bits of one that was not. The parts are in
`training/`; this is the loop.
"""

import os
import platform
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.progress import Progress
from torch import Tensor

from hwcodesign.core.errors import DivergedError, UserError
from hwcodesign.core.terminal import console, plainly
from hwcodesign.data import Dataset, load_dataset, stratified_split
from hwcodesign.data.dataset import strata
from hwcodesign.data.summary import summary
from hwcodesign.nets.build import NetworkModule
from hwcodesign.recipe import Recipe, TrainTable
from hwcodesign.training import workers
from hwcodesign.training.augment import augmented
from hwcodesign.training.best import best_epoch, key_of
from hwcodesign.training.criteria import Criterion, criterion_of
from hwcodesign.training.network import build
from hwcodesign.training.precision import computes_bfloat16, lower_precision
from hwcodesign.training.schedule import learning_rate, phase_at, quantizes, total_epochs
from hwcodesign.training.sparse import zeros_held
from hwcodesign.training.state import State, next_phase, resumed, save_epoch

VALIDATION = 0.1  # of the training images; it chooses the best epoch, so that the held-out test images never do


@dataclass(frozen=True)
class Trained:
    """What `train` leaves behind: the checkpoint of the best epoch, and what its validation images told: accuracy, or
    what else the recipe's task goes by.
    """

    checkpoint: Path
    epoch: int
    validation: float


def train(recipe: Recipe, data_folder: Path | None, out_folder: Path, device: str = "auto") -> Trained:
    """Train `recipe`'s network and write best.pt, last.pt, metrics.jsonl and TensorBoard events into `out_folder`.

    Continues where an interrupted training in `out_folder` stopped. `device`: auto, cpu, cuda, cuda:1, ...
    Under torchrun every process calls this, and the first one writes; the others' `out_folder` is for scratch.
    Raises UserError if the data or the device is not there, if `out_folder` holds another recipe's training, if the
    loss is no longer a number, or if another worker fails.
    """
    where = _device(device)
    with workers.joined(where):
        return _train(recipe, data_folder, out_folder, where)


def _train(recipe: Recipe, data_folder: Path | None, out_folder: Path, where: torch.device) -> Trained:
    from torch.utils.tensorboard import SummaryWriter

    schedule = recipe.train
    workers.require_shares(schedule.batch_size)
    dataset = load_dataset(recipe.data, data_folder)
    images, labels = _to_tensors(dataset, where)
    fitted, validation = _split(dataset, schedule.seed)

    _make_deterministic(schedule)
    out_folder.mkdir(parents=True, exist_ok=True)
    for name in ("float.pt", "last.pt"):
        workers.copy_from_first(out_folder / name)
    state = resumed(recipe, build(recipe).to(where, memory_format=torch.channels_last), out_folder, where)
    history, epochs = state.history, total_epochs(schedule)
    metric, criterion = recipe.task.validation, criterion_of(recipe)
    key = key_of(metric)
    _require_teacher(schedule, state)
    network = workers.parallel(state.model, unused_parameters=not quantizes(schedule, len(history)))
    first = workers.index() == 0  # it alone writes
    if first:
        for line in summary(dataset, recipe.data, data_folder):
            plainly(console())(line)
        if schedule.float_precision == "bfloat16" and schedule.float_epochs and not computes_bfloat16(where):
            plainly(console())("float epochs in float32: this processor has no instructions for bfloat16")
    log = SummaryWriter(str(out_folder), purge_step=len(history)) if first else nullcontext()

    with log as board, Progress(disable=not first) as progress:
        bar = progress.add_task(f"train {recipe.name}", total=epochs, completed=len(history))
        for epoch in range(len(history), epochs):
            random = torch.Generator().manual_seed(schedule.seed * 1_000_003 + epoch)
            order = fitted[torch.randperm(len(fitted), generator=random)]
            # Batch norm knows no variance of a single image, and every worker needs one.
            batches = [batch for batch in order.split(schedule.batch_size) if len(batch) > workers.count()]
            phase = phase_at(schedule, epoch)
            if phase.first == epoch and (epoch or phase.sparse or (phase.quantized and not state.quantized)):
                first_ones = [_pixels(images[batch.to(where)]) for batch in batches[:8]]
                state = next_phase(state, schedule, phase, first_ones)
                network = workers.parallel(state.model, unused_parameters=not phase.quantized)

            start = time.monotonic()
            with zeros_held(state.model, phase.sparse):
                losses, rate = _epoch(
                    network, state, batches, images, labels, criterion, schedule, epoch, random, where
                )
            entry = {
                "epoch": epoch,
                "quantized": quantizes(schedule, epoch),
                "loss": _finite(losses, epoch),
                "learning_rate": rate,
                **_pace(len(fitted), time.monotonic() - start),
                "device": _describe(where),
                key: _validated(state.best_model, criterion, images, labels, validation),
            }
            history.append(entry)
            if board is not None:
                for name in ("loss", "learning_rate", "images_per_second", key):
                    board.add_scalar(name, entry[name], epoch)
                save_epoch(recipe, state, out_folder)
            progress.update(bar, advance=1, description=f"train {recipe.name}: loss {entry['loss']:.4f}, "
                            f"validation {metric.said(entry[key])}, "
                            f"{entry['images_per_second']} images/s")  # fmt: skip
    best = best_epoch(history, metric)
    return Trained(out_folder / "best.pt", best["epoch"], best[key])


def _epoch(
    network: torch.nn.Module,
    state: State,
    batches: Sequence[Tensor],
    images: Tensor,
    labels: Tensor,
    criterion: Criterion,
    schedule: TrainTable,
    epoch: int,
    random: torch.Generator,
    where: torch.device,
) -> tuple[list[Tensor], float]:
    """One step for every batch (indices of images); their losses, and the learning rate of the last."""
    state.model.train()
    losses, on = [], quantizes(schedule, epoch)
    for step, batch in enumerate(batches):
        rate = learning_rate(schedule, epoch + step / len(batches))
        for group in state.optimizer.param_groups:
            group["lr"] = rate
        pixels, targets = criterion.drawn(
            augmented(images[batch.to(where)], schedule, random), labels[batch.to(where)], random
        )
        pixels, targets = workers.share(pixels), workers.share(targets)
        with _precision(schedule, on, where):
            scores = network(pixels)
        with _precision(schedule, False, where):
            taught = None if state.teacher is None else state.teacher(pixels)
        loss = workers.weighted(criterion.loss(scores, targets, taught), len(targets), len(batch))
        state.optimizer.zero_grad()
        loss.backward()
        state.optimizer.step()
        if state.average:
            state.average.update(state.model)
        losses.append(loss.detach())
    return losses, rate


def _precision(schedule: TrainTable, on: bool, where: torch.device) -> AbstractContextManager[Any]:
    """bfloat16 has 8 significant bits: enough for a float network, too few for sums of quantized products."""
    return lower_precision(schedule, where, wanted=not on)


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda":
        name = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"  # under torchrun a GPU for each process of this machine
    try:
        torch.empty(0, device=name)
        if name.startswith("cuda"):
            torch.cuda.set_device(name)  # NCCL sends objects by way of the current one
    except (RuntimeError, AssertionError) as error:
        cause = str(error).splitlines()[0]
        raise UserError(f"--device {name}: PyTorch cannot use it ({cause}); try auto or cpu") from None
    return torch.device(name)


def _make_deterministic(schedule: TrainTable) -> None:
    torch.set_num_threads(schedule.threads)
    torch.manual_seed(schedule.seed)
    torch.backends.cudnn.deterministic = True


def _require_teacher(schedule: TrainTable, state: State) -> None:
    if schedule.distillation and state.quantized and not state.teacher:
        raise UserError(
            "train.distillation learns from a float network, and there is none: set train.float_epochs, or "
            "train.start_from to the float.pt of another run, or train.teacher"
        )


def _split(dataset: Dataset, seed: int) -> tuple[Tensor, Tensor]:
    """Which of the training images to train and to validate with. Raises UserError if there are too few."""
    fitted, validation = stratified_split(strata(dataset.train_labels), VALIDATION, seed)
    if len(validation) == 0:
        raise UserError(f"{dataset.name} has one training image of each class; it needs two, one to validate with")
    return torch.from_numpy(fitted), torch.from_numpy(validation)


def _pace(images: int, seconds: float) -> dict[str, float]:
    return {"images_per_second": round(images / seconds), "seconds": round(seconds, 3)}


def _describe(where: torch.device) -> str:
    """The processor's name, as reference.json gives it."""
    if where.type == "cuda":
        return str(torch.cuda.get_device_name(where))
    return f"cpu ({platform.machine()}), {torch.get_num_threads()} threads"


def _to_tensors(dataset: Dataset, where: torch.device) -> tuple[Tensor, Tensor]:
    """Training images as uint8 NCHW, and their labels."""
    images = dataset.train_images.transpose(0, 3, 1, 2).copy()
    return torch.from_numpy(images).to(where), torch.from_numpy(dataset.train_labels).to(where)


def _finite(losses: list[Tensor], epoch: int) -> float:
    """The mean loss. Raises DivergedError, saying where it began, if one of `losses` is no number."""
    values = workers.total(torch.stack(losses)) / workers.count()
    bad = (~values.isfinite()).nonzero()
    if len(bad):
        step = int(bad[0])
        raise DivergedError(
            f"epoch {epoch}, step {step}: the loss is {float(values[step])}; lower train.learning_rate, or raise "
            f"train.warmup_epochs or train.batch_size, and start again"
        )
    return float(values.mean())


@torch.no_grad()
def _validated(model: NetworkModule, criterion: Criterion, images: Tensor, labels: Tensor, chosen: Tensor) -> float:
    """The mean of what each of the `chosen` images tells."""
    model.eval()
    parts = workers.share(chosen.to(images.device)).split(256)
    each = (criterion.judged(model(_pixels(images[part])), _pixels(images[part]), labels[part]) for part in parts)
    told = sum((some.double().sum() for some in each), torch.zeros((), dtype=torch.float64, device=images.device))
    return float(workers.total(told)) / len(chosen)


def _pixels(images: Tensor) -> Tensor:
    return images.float().contiguous(memory_format=torch.channels_last)
