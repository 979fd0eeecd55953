"""The network that a recipe describes, and its weights in a file."""

from pathlib import Path

import torch

from hwcodesign.nets.build import NetworkModule, quantized_module
from hwcodesign.recipe import Recipe
from hwcodesign.training.checkpoint import fill, load_checkpoint, write_checkpoint


def build(recipe: Recipe) -> NetworkModule:
    """The recipe's quantized network, untrained. Raises UserError if hardware could not compute it exactly.

    A mean and a divisor for each channel are not in it: the first convolution's weights and biases take them in, and
    the network takes pixels / 255.
    """
    mean, divisor = recipe.data.scalars
    return quantized_module(recipe.describe(), recipe.quantization.to_quantization(), mean, divisor)


def save_weights(recipe: Recipe, model: NetworkModule, path: Path) -> None:
    """Write weights of `recipe`'s network that `load_trained` reads, with no history of a training."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_checkpoint(path, recipe, {"model": model.state_dict(), "history": []})


def load_trained(recipe: Recipe, checkpoint: Path) -> NetworkModule:
    """The recipe's network with the weights of `checkpoint`, on the CPU, ready to evaluate.

    Raises UserError if the checkpoint is missing, damaged, or of another recipe.
    """
    model = build(recipe)
    fill(model, load_checkpoint(recipe, checkpoint, torch.device("cpu"))["model"], checkpoint)
    return model.eval()
