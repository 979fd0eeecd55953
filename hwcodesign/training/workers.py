"""Data-parallel training (dissertation, chapter 3): several processes, each with its share of every batch.

    torchrun --nproc-per-node 4 -m hwcodesign train RECIPE
    torchrun --nnodes 2 --nproc-per-node 8 --rdzv-backend c10d --rdzv-endpoint HOST:29400 -m hwcodesign train RECIPE

The recipe's batch is the global one, so that what is trained does not depend on how many train it: shuffling,
augmentation and batch statistics are those of the whole batch, and gradients are averaged over all of its images (by
DistributedDataParallel, with gloo on CPUs and NCCL on GPUs). Only the first worker logs and writes.

Outside torchrun there is one worker, and nothing here does anything.
"""

import os
import signal
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from hwcodesign.core.errors import UserError, nearest_numbers
from hwcodesign.core.supervisor import die_with_parent
from hwcodesign.training.shared_norm import share_statistics

_FAILURE = "failure"  # the key in the workers' common store under which the one that fails says why
# Kept to the end of the process: where DistributedDataParallel drops the last reference to a group, which it does with
# the interpreter locked, gloo's threads may be waiting for the interpreter, and the group for its threads (torch 2.13).
_GROUPS: list[Any] = []
_LETTING_GO_SECONDS = 0.5
_PATIENCE = timedelta(seconds=3)  # for that word, after a connection broke


def count() -> int:
    """How many workers there are."""
    return dist.get_world_size() if dist.is_initialized() else 1


def index() -> int:
    """This worker's number, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


@contextmanager
def joined(device: torch.device) -> Iterator[None]:
    """Inside, this process works with all others that torchrun started.

    Raises UserError, with the reason, if another one fails.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    die_with_parent()  # torchrun, if it is killed, tells nobody
    store, rank, total = next(dist.rendezvous("env://"))
    words = dist.PrefixStore("hwcodesign", store)
    before = signal.signal(signal.SIGTERM, _stopped)  # how torchrun ends the others when one has failed
    try:
        backend = "nccl" if device.type == "cuda" else "gloo"
        dist.init_process_group(backend, store=store, rank=rank, world_size=total)
        _GROUPS.append(dist.group.WORLD)
        yield
        # gloo's threads still need the interpreter to let go of tensors, and one that waits for it when the process
        # ends aborts the process: leave it to them for a moment.
        time.sleep(_LETTING_GO_SECONDS)
    except Exception as error:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it comes while the reason is still being asked for
        raise _explained(error, words, rank) from error
    finally:
        signal.signal(signal.SIGTERM, before)
        if dist.is_initialized():
            dist.destroy_process_group()


class _StoppedError(RuntimeError):
    """torchrun ended this worker."""


def _stopped(number: int, frame: FrameType | None) -> None:
    raise _StoppedError("torchrun ended this worker because another one failed")


def _explained(error: Exception, words: dist.Store, rank: int) -> Exception:
    """What to raise for `error`: another worker's failure in its own words, or `error` after telling the others."""
    broken = isinstance(error, _StoppedError | dist.DistError) or "gloo" in str(error) or "Connection" in str(error)
    if isinstance(error, UserError) or not broken:
        words.set(_FAILURE, f"worker {rank} of {os.environ['WORLD_SIZE']} failed: {error}")
        return error
    try:
        words.wait([_FAILURE], _PATIENCE)
        return UserError(words.get(_FAILURE).decode())
    except (RuntimeError, dist.DistError):
        cause = str(error).splitlines()[0]
        return UserError(
            f"worker {rank} lost another one, which died without a word ({cause}); the same command goes on after the "
            "last whole epoch"
        )


def require_shares(batch_size: int) -> None:
    """Raises UserError unless a batch has equal shares for all workers."""
    if batch_size % count():
        near = nearest_numbers(batch_size, range(count(), batch_size + count() + 1, count()))
        raise UserError(
            f"train.batch_size = {batch_size} does not divide among {count()} workers; "
            f"use {' or '.join(map(str, near))}, or another number of workers"
        )


def share(batch: Tensor) -> Tensor:
    """This worker's part of what belongs to a whole batch."""
    return batch[index() :: count()]


def parallel(model: nn.Module, unused_parameters: bool) -> nn.Module:
    """What to call in training in place of `model`, so that gradients come out averaged over all workers.

    From here on batch norm in `model` takes the statistics of the whole batch. `unused_parameters`: some get no
    gradient (those of quantizers that are switched off).
    """
    if count() == 1:
        return model
    share_statistics(model)
    warnings.filterwarnings("ignore", message="Grad strides do not match")  # 1x1 kernels: both layouts are the same
    # With shared statistics every worker's buffers take the same values; nobody needs to be sent the first one's.
    return DistributedDataParallel(model, find_unused_parameters=unused_parameters, broadcast_buffers=False)


def weighted(loss: Tensor, images: int, batch: int) -> Tensor:
    """From the mean loss of this worker's `images`: what all workers' mean of is the mean over the whole `batch`."""
    return loss * (images * count() / batch)


def total(value: Tensor) -> Tensor:
    """The sum over all workers."""
    if count() > 1:
        value = value.clone()
        dist.all_reduce(value)
    return value


def copy_from_first(path: Path) -> None:
    """Give all workers the first one's file `path`, if it has that; the others may be on other machines."""
    if count() == 1:
        return
    content: list[Any] = [path.read_bytes() if index() == 0 and path.exists() else None]
    dist.broadcast_object_list(content, src=0)
    if index() > 0 and content[0] is not None:
        path.write_bytes(content[0])
