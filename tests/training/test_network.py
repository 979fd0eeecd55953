"""A recipe's network, and its weights in a file that has no history of a training."""

import pytest
import torch

from hwcodesign.core.errors import UserError
from hwcodesign.training.network import build, load_trained, save_weights
from tests.training.test_loop import recipe


def test_weights_are_read_as_they_were_written(tmp_path):
    model = build(recipe())
    with torch.no_grad():
        model.get_submodule("conv1").weight.fill_(0.25)
    save_weights(recipe(), model, tmp_path / "new" / "best.pt")
    again = load_trained(recipe(), tmp_path / "new" / "best.pt")
    assert not again.training
    assert all(torch.equal(value, again.state_dict()[key]) for key, value in model.state_dict().items())


def test_weights_of_another_recipe_are_refused(tmp_path):
    save_weights(recipe(), build(recipe()), tmp_path / "best.pt")
    with pytest.raises(UserError, match=r"was trained from another recipe: train\.seed = 2 \(there: 1\)"):
        load_trained(recipe(seed=2), tmp_path / "best.pt")


def test_several_means_are_the_first_convolutions_own():
    """The network takes pixels / 255 then."""
    small = recipe()
    one = build(small.model_copy(update={"data": small.data.model_copy(update={"mean": 0.0, "divisor": 64.0})}))
    several = build(small.model_copy(update={"data": small.data.model_copy(update={"divisor": (64.0,)})}))
    assert float(one.pixels.divisor) == 64 and float(several.pixels.divisor) == 255
