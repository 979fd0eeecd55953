"""A quantized network trained block by block, each until it gives what the float network's block gives; no labels.

A block reads what the quantized blocks before it leave. Its integers, scales, biases and steps train together: what
one layer of it loses another can make up for, which layer by layer it cannot. Every pixel of a feature map says what is
wanted, so that a few hundred images are many. Some are held apart: a block that does not come nearer on these stays as
it was.

Source: Y. Li et al., BRECQ: pushing the limit of post-training quantization by block reconstruction, 2021; here from a
quantization that is good already, with the straight-through gradient in place of soft roundings.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hwcodesign.export.float_weights import Weights
from hwcodesign.nets.network import Network
from hwcodesign.quantize.blocks import Block, blocks
from hwcodesign.quantize.lesson import evenly_spaced, held_apart
from hwcodesign.quantize.quantized import Quantized, in_float, pixels_of
from hwcodesign.quantize.trainable import Rates, Trainable
from hwcodesign.quantize.unfinished import Unfinished, packed, unpacked

STATE = "reconstructed.pt"  # the blocks so far, until the result is there
MOST_IMAGES = 1_000  # so that the maps between two blocks stay in memory
_RATES = Rates(move=0.01, factor=0.0005, bias=0.01)
_PIXELS = 3_136  # of the largest map of a block in one step: sixteen images of 14x14
_FEWEST, _MOST = 4, 64  # images in one step
_CHUNK = 16  # images at once where nothing trains
_SMALL, _LARGE = 0.1, 60_000  # between these is the largest value of a map in half precision


@dataclass(frozen=True)
class Rebuilt:
    """A block: the squared error of what it gives on the images held apart, by its energy, before and after."""

    block: str
    before: float
    after: float


@dataclass(frozen=True)
class Lesson:
    """What to reconstruct with: `images` uint8 NHWC, (mean, divisor) of their pixels, steps for a block, the seed."""

    images: np.ndarray
    numbers: tuple[float, float]
    iterations: int
    seed: int


def reconstruct(
    network: Network,
    weights: Mapping[str, Weights],
    found: Quantized,
    weight_bits: Mapping[str, int],
    lesson: Lesson,
    folder: Path | None = None,
    on_block: Callable[[Rebuilt], None] = lambda block: None,
    on_iteration: Callable[[int], None] = lambda done: None,
) -> tuple[Quantized, list[dict[str, Any]]]:
    """`found`, nearer to `network` with float `weights`; and every `Rebuilt`.

    An interrupted one goes on in `folder` behind the last block that was done, to the very same bits. `on_iteration`
    hears how many steps are done.
    """
    given = wanted = pixels_of(lesson.images, lesson.numbers)
    kept = Unfinished(folder and folder / STATE)
    found, history = _resumed(found, kept.state())
    fixed = _of_several_blocks(network)
    for number, block in enumerate(blocks(network)):
        answers = _over_all(partial(_floats, network, block, weights), wanted)
        if number >= len(history):
            model = Trainable(network, block, found, weight_bits, fixed)
            pupil = _Pupil(model, given, answers)
            random = torch.Generator().manual_seed(lesson.seed * 1_000_003 + number)
            before = pupil.error()
            done = number * lesson.iterations
            pupil.train(lesson.iterations, random, lambda steps, done=done: on_iteration(done + steps))  # type: ignore[misc]
            after = pupil.error()
            if after < before:
                found = model.quantized()
            history.append(Rebuilt(block.name, before, min(before, after)))
            entries = [asdict(entry) for entry in history]
            kept.keep({"layers": packed(found.layers), "steps": found.steps, "history": entries})
            on_block(history[-1])
        given = _over_all(Trainable(network, block, found, weight_bits), given)
        wanted = answers
    return found, [asdict(entry) for entry in history]


def chosen(images: np.ndarray) -> np.ndarray:
    """So many of `images` as are looked at, evenly spaced."""
    return evenly_spaced(images, MOST_IMAGES)


class _Pupil:
    """A block, what it reads, and what it shall give; some images of both are held apart."""

    def __init__(self, model: Trainable, given: Tensor, wanted: Tensor) -> None:
        self.model, self.given, self.wanted = model, given, wanted
        apart = held_apart(len(given))
        self.apart, self.training = (torch.nonzero(chosen).flatten() for chosen in (apart, ~apart))
        self.energy = max(float(wanted[self.apart].float().square().mean()), torch.finfo(torch.float32).tiny)

    @torch.no_grad()
    def error(self) -> float:
        """On the images held apart."""
        parts = [self._loss(chosen) * len(chosen) for chosen in self.apart.split(_CHUNK)]
        return float(sum(parts)) / len(self.apart)

    def train(self, iterations: int, random: torch.Generator, on_step: Callable[[int], None]) -> None:
        """At rates that fall to 0 as a cosine does."""
        shapes = self.model.network.shapes
        pixels = max(math.prod(shapes[conv.name][:2]) for conv in self.model.block.convolutions)
        size = min(max(_PIXELS // pixels, _FEWEST), _MOST, len(self.training))
        optimizer, order = self.model.optimizer(_RATES), torch.empty(0, dtype=torch.long)
        for step in range(iterations):
            if len(order) < size:
                order = self.training[torch.randperm(len(self.training), generator=random)]
            chosen, order = order[:size], order[size:]
            for group in optimizer.param_groups:
                group["lr"] = group["most"] * (1 + math.cos(math.pi * step / iterations)) / 2
            optimizer.zero_grad()
            self._loss(chosen).backward()
            optimizer.step()
            on_step(step + 1)

    def _loss(self, chosen: Tensor) -> Tensor:
        return (self.model(_packed(self.given[chosen])) - _packed(self.wanted[chosen])).square().mean() / self.energy


def _of_several_blocks(network: Network) -> set[str]:
    """Quantizers whose step no block may change by itself."""
    count = Counter(quantizer for block in blocks(network) for quantizer in block.quantizers(network))
    return {quantizer for quantizer, times in count.items() if times > 1}


def _floats(network: Network, block: Block, weights: Mapping[str, Weights], value: Tensor) -> Tensor:
    return in_float(network, block.nodes, {block.input: value}, weights)[block.output]


@torch.no_grad()
def _over_all(function: Callable[[Tensor], Tensor], values: Tensor) -> Tensor:
    return torch.cat([_stored(function(_packed(part))) for part in values.split(_CHUNK)])


def _stored(values: Tensor) -> Tensor:
    """In half precision, which the maps of many images ask for, where its range takes them in."""
    return values.half() if _SMALL < values.abs().max() < _LARGE else values


def _packed(values: Tensor) -> Tensor:
    return values.float().contiguous(memory_format=torch.channels_last)


def _resumed(found: Quantized, state: dict[str, Any] | None) -> tuple[Quantized, list[Rebuilt]]:
    if state is None:
        return found, []
    resumed = Quantized(unpacked(state["layers"]), state["steps"], found.grids)
    return resumed, [Rebuilt(**entry) for entry in state["history"]]
