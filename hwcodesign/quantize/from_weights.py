"""Float weights and calibration images into a checkpoint that everything behind training takes for a trained one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from hwcodesign.core.errors import UserError
from hwcodesign.data import load_dataset
from hwcodesign.data.folder import CALIBRATION, read_unlabelled
from hwcodesign.export.float_weights import Weights
from hwcodesign.job import QuantizeRequest
from hwcodesign.nets.build import NetworkModule
from hwcodesign.nets.network import INPUT, Network
from hwcodesign.quantize import distillation, reconstruction
from hwcodesign.quantize.channel_steps import channel_steps
from hwcodesign.quantize.distillation import Epoch, distil, pupil
from hwcodesign.quantize.equalization import equalized, fewest_bits, fitting_strengths
from hwcodesign.quantize.float_file import read_weights
from hwcodesign.quantize.float_network import with_weights
from hwcodesign.quantize.found_layers import FoundLayers
from hwcodesign.quantize.layerwise import LAYERWISE, Method, Progress, quantize
from hwcodesign.quantize.lesson import evenly_spaced
from hwcodesign.quantize.quantized import Quantized, QuantizedLayer, with_normalisation
from hwcodesign.quantize.reconstruction import Lesson, Rebuilt, reconstruct
from hwcodesign.quantize.unfinished import Unfinished
from hwcodesign.recipe import Recipe
from hwcodesign.training.network import build, save_weights

FEWEST_IMAGES = 8
CHECKPOINT = "best.pt"


@dataclass(frozen=True)
class Listener:
    """What is told: after each layer, step and block of a reconstruction, step and epoch of a distillation."""

    on_layer: Callable[[Progress], None] = lambda layer: None
    on_iteration: Callable[[int], None] = lambda done: None
    on_block: Callable[[Rebuilt], None] = lambda block: None
    on_epoch: Callable[[Epoch], None] = lambda epoch: None
    on_step: Callable[[int, int], None] = lambda done, total: None


def run(
    recipe: Recipe,
    request: QuantizeRequest,
    data_folder: Path | None,
    out_folder: Path,
    listener: Listener = Listener(),
) -> dict[str, Any]:
    """Write best.pt, `recipe`'s network quantized from float weights, into `out_folder`; returns what was done.

    One that was interrupted goes on in `out_folder` behind the last layer, the last block of a reconstruction, or the
    last epoch of a distillation, that was done. Raises UserError if the weights or the images are not there, too few or
    of another network, if the first convolution pads and pixels have a mean, and as `layerwise.quantize` does.
    """
    recipe = with_stored_scales(recipe)
    network = recipe.describe()
    require_quantizable(network, recipe)
    weights = read_weights(request.weights, network)
    images = calibration_images(recipe, request, data_folder)
    found = FoundLayers(out_folder)

    def keep(progress: Progress) -> None:
        if progress.layer not in found.layers:
            found.keep(progress.layer, progress.found)
        listener.on_layer(progress)

    prepared = prepared_weights(recipe, weights, images, request.equalization)
    quantized = quantize_prepared(recipe, prepared, images, keep, done=found.layers)
    bits, numbers = network.weight_bits(recipe.quantization.to_quantization()), recipe.data.scalars
    done = dict[str, list[dict[str, Any]]](blocks=[], epochs=[])
    if request.reconstruct or request.distil:
        every = calibration_images(recipe, request, data_folder, whole=True)
    if request.reconstruct:
        lesson = Lesson(reconstruction.chosen(every), numbers, request.reconstruct, recipe.train.seed)
        quantized, done["blocks"] = reconstruct(
            network, prepared, quantized, bits, lesson, out_folder, listener.on_block, listener.on_iteration
        )
    if request.distil:
        model, teacher = pupil(network, quantized, bits, every, numbers), with_weights(recipe, weights)
        told = listener.on_epoch, listener.on_step
        done["epochs"] = distil(model, numbers, teacher, every, request.distil, recipe.train, out_folder, *told)
        quantized = model.quantized()
    save_weights(recipe, to_module(recipe, quantized), out_folder / CHECKPOINT)
    found.forget()
    for part in (reconstruction, distillation):
        Unfinished(out_folder / part.STATE).forget()
    layers = {name: {"error": round(layer.error, 6)} for name, layer in quantized.layers.items()}
    return {"weights": request.weights.name, "calibration_images": len(images), "layers": layers, **done}


def with_stored_scales(recipe: Recipe) -> Recipe:
    """`recipe` with scales of weights that can be set."""
    quantization = recipe.quantization.model_copy(update={"stored_scales": True})
    return recipe.model_copy(update={"quantization": quantization})


def folded_weights(recipe: Recipe, weights: dict[str, Weights]) -> dict[str, Weights]:
    """`weights` as the quantized network takes them: a mean and a divisor for each channel are in its first layer's."""
    mean, divisor = recipe.data.mean, recipe.data.divisor
    if (mean, divisor) == recipe.data.scalars:
        return weights
    return with_normalisation(recipe.describe(), weights, mean, divisor)


def quantize_network(
    recipe: Recipe,
    weights: dict[str, Weights],
    images: np.ndarray,
    equalization: float | None,
    on_layer: Callable[[Progress], None] = lambda progress: None,
    method: Method = LAYERWISE,
    done: Mapping[str, QuantizedLayer] = MappingProxyType({}),
) -> Quantized:
    """`recipe`'s network with float `weights`, channels made more alike first, then layer by layer but those `done`."""
    prepared = prepared_weights(recipe, weights, images, equalization)
    return quantize_prepared(recipe, prepared, images, on_layer, method, done)


def prepared_weights(
    recipe: Recipe, weights: dict[str, Weights], images: np.ndarray, equalization: float | None
) -> dict[str, Weights]:
    """`weights` of the same function, as quantization takes them: channels made more alike.

    By so much `equalization`, or as suits the bits.
    """
    torch.set_num_threads(recipe.train.threads)
    network, folded = recipe.describe(), folded_weights(recipe, weights)
    if equalization == 0:
        return folded
    bits = recipe.quantization.to_quantization()
    of_weights, of_activations = network.weight_bits(bits), network.activation_bits(bits)
    fewest = fewest_bits(network, of_weights, of_activations)
    strengths = fitting_strengths(of_activations, fewest)
    if equalization is not None:
        strengths = dict.fromkeys(strengths, equalization)
    steps = channel_steps(network, folded, images, fewest, recipe.data.scalars)
    return equalized(network, folded, steps, strengths)


def quantize_prepared(
    recipe: Recipe,
    prepared: dict[str, Weights],
    images: np.ndarray,
    on_layer: Callable[[Progress], None] = lambda progress: None,
    method: Method = LAYERWISE,
    done: Mapping[str, QuantizedLayer] = MappingProxyType({}),
) -> Quantized:
    """`recipe`'s network with `prepared` weights, layer by layer but those `done`."""
    network, bits = recipe.describe(), recipe.quantization.to_quantization()
    torch.set_num_threads(recipe.train.threads)
    of_weights, of_activations = network.weight_bits(bits), network.activation_bits(bits)
    numbers = recipe.data.scalars
    return quantize(network, prepared, images, of_weights, of_activations, numbers, on_layer, method=method, done=done)


def to_module(recipe: Recipe, quantized: Quantized) -> NetworkModule:
    """`quantized` as the network that checkpoints and exports are of."""
    module = build(recipe)
    for name, layer in quantized.layers.items():
        module.get_submodule(name).set_integers(layer.integers, layer.scales, layer.bias)
    for name, step in quantized.steps.items():
        activation = module.get_submodule(name)
        activation.clip_at(step * activation.levels)
    return module.eval()


def calibration_images(
    recipe: Recipe, request: QuantizeRequest, data_folder: Path | None, whole: bool = False
) -> np.ndarray:
    """uint8 (images, H, W, C): so many as are asked for, or the `whole` of them.

    Raises UserError if there are too few.
    """
    found = _calibration_images(recipe, request, data_folder, whole)
    if min(request.images, len(found)) < FEWEST_IMAGES:
        raise UserError(f"--calibration-images {min(request.images, len(found))}: quantization looks at images to see "
                        f"what a network does with them; give at least {FEWEST_IMAGES}, better 256")  # fmt: skip
    return found


def _calibration_images(recipe: Recipe, request: QuantizeRequest, data_folder: Path | None, whole: bool) -> np.ndarray:
    folder = request.calibration
    if folder is None and data_folder is not None and (data_folder / CALIBRATION).is_dir():
        folder = data_folder / CALIBRATION
    if folder is not None:
        return read_unlabelled(
            folder, recipe.data.preprocessing, None if whole else request.images, fewer=request.fewer
        )
    images = load_dataset(recipe.data, data_folder).train_images
    count = min(request.images, len(images)) if request.fewer else request.images
    if len(images) < count:
        raise UserError(f"--calibration-images {request.images}: there are {len(images)} training images; ask for "
                        "fewer, or give a folder of unlabelled images: --calibration FOLDER")  # fmt: skip
    return images if whole else evenly_spaced(images, count)


def require_quantizable(network: Network, recipe: Recipe) -> None:
    """Raise UserError for a mean that nothing can take in."""
    for conv in network.convolutions:
        if conv.input == INPUT and conv.pad and recipe.data.mean and recipe.data.scalars != (
            recipe.data.mean, recipe.data.divisor
        ):  # fmt: skip
            raise UserError(f"{conv.name}: data.mean = {list(np.ravel(recipe.data.mean))} cannot be folded into a "
                            f"convolution that pads its input with 0; use no padding there, and data.border = "
                            f"{conv.pad}, or mean = 0")  # fmt: skip
