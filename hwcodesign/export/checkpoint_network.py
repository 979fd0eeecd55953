"""What a checkpoint computes in training's own arithmetic, float32: the top of the ladder."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch

from hwcodesign.export.qonnx import with_levels
from hwcodesign.nets.blocks import set_quantized
from hwcodesign.nets.build import freeze, score_map
from hwcodesign.training.checkpoint import fill, read_checkpoint, recipe_of
from hwcodesign.training.network import build

_BATCH = 128


class TrainedNetwork:
    """The quantized network of a checkpoint. A checkpoint knows its own recipe (but for the hardware)."""

    def __init__(self, checkpoint: Path, quantized: bool = True) -> None:
        """`quantized` False switches the quantizers off, for a checkpoint of the float phase.

        Raises UserError if the checkpoint is missing or damaged.
        """
        state = read_checkpoint(checkpoint, torch.device("cpu"))
        recipe = recipe_of(checkpoint, state)
        torch.set_num_threads(recipe.train.threads)
        self._model = build(recipe).eval()
        fill(self._model, state["model"], checkpoint)
        set_quantized(self._model, quantized)
        self._exact = freeze(self._model)
        self._meant = score_map(self._exact) if quantized else None

    def scores(self, frames: np.ndarray, on_frames: Callable[[int], None]) -> np.ndarray:
        """(frames, classes) of `frames` (frames, H, W, C): int64 in the reference's steps, or real if not quantized."""
        found = []
        with torch.no_grad():
            for start in range(0, len(frames), _BATCH):
                real = self._model(_raw(frames[start : start + _BATCH])).double().numpy()
                found.append(real if self._meant is None else np.rint(self._meant.steps(real)).astype(np.int64))
                on_frames(min(start + _BATCH, len(frames)))
        return np.concatenate(found)

    def levels(self, frame: np.ndarray) -> Mapping[str, np.ndarray]:
        """Of one frame (H, W, C), what every quantizer gives, as integers (H, W, C), by the layer's name."""
        names = list(self._model.network.quantizers)
        with torch.no_grad():
            _, levels = with_levels(self._model, _raw(frame[None]), self._exact)
        return {
            name: level[0].permute(1, 2, 0).numpy().astype(np.int64) for name, level in zip(names, levels, strict=True)
        }

    def weights_in_steps(self) -> Mapping[str, np.ndarray]:
        """The weights before rounding, divided by their scales, flat, by the layer's name."""
        found = {}
        for node in self._model.network.convolutions:
            layer, frozen = self._model.get_submodule(node.name), self._exact.get_submodule(node.name)
            scale = frozen.scale.reshape(-1, 1, 1, 1)
            found[node.name] = (layer.weight.detach().double() / scale).flatten().numpy()
        return found

    def activations_in_steps(self, frames: np.ndarray) -> Mapping[str, np.ndarray]:
        """What quantizers get for `frames` (frames, H, W, C), divided by their scales, flat, by the layer's name."""
        of_node = self._model.network.quantizers
        values: list[np.ndarray] = []

        def keep(scale: torch.Tensor) -> Callable[..., None]:
            return lambda module, inputs: values.append((inputs[0].double() / scale).flatten().numpy())

        quantizers = {name: self._exact.get_submodule(name).scale for name in of_node.values()}
        hooks = [
            self._model.get_submodule(name).register_forward_pre_hook(keep(scale)) for name, scale in quantizers.items()
        ]
        with torch.no_grad():
            self._model(_raw(frames))
        for hook in hooks:
            hook.remove()
        return dict(zip(of_node, values, strict=True))


def _raw(frames: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(frames.transpose(0, 3, 1, 2).copy()).float()
