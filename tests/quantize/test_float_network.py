"""The float network: the file's weights, raw pixels in, scores of every image in order."""

import numpy as np
import torch

from hwcodesign.quantize.float_network import scores, with_weights
from hwcodesign.recipe import load_recipe

RECIPE = load_recipe("digits-squeezenet")


def test_its_parameters_are_the_weights_that_it_is_given() -> None:
    from hwcodesign.export.float_weights import Weights, shape_of

    network = RECIPE.describe()
    given = {
        c.name: Weights(np.full(shape_of(network, c), 0.01 * i, np.float32), np.full(c.filters, i, np.float32))
        for i, c in enumerate(network.convolutions)
    }
    module = with_weights(RECIPE, given)
    for name, weights in given.items():
        layer = module.get_submodule(name)
        assert (layer.weight.detach().numpy() == weights.weight).all() and layer.bias[0] == weights.bias[0]


def test_images_are_scored_in_order_whatever_the_batch() -> None:
    class Mean(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.factor = torch.nn.Parameter(torch.tensor(2.0))

        def forward(self, raw: torch.Tensor) -> torch.Tensor:
            return self.factor * raw.mean((2, 3))

    images = np.arange(20 * 4, dtype=np.uint8).reshape(20, 2, 2, 1)
    told: list[int] = []
    with torch.no_grad():
        found = scores(Mean(), images, told.append)
    assert np.allclose(found[:, 0], 2 * images.mean((1, 2, 3))) and told == [16, 20]
