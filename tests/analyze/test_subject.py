"""What is analysed: families by any spelling of their name, recipes, and the nearest name where there is none."""

import pytest

from hwcodesign.analyze.costs import FLOAT_BITS
from hwcodesign.analyze.subject import find_subject
from hwcodesign.core.errors import UserError


@pytest.mark.parametrize("name", ["NiN", "nin", "N-i-N"])
def test_a_family_is_found_by_any_spelling(name: str) -> None:
    found = find_subject(name)
    assert (found.family, found.recipe, found.quantization) == ("nin", None, None)
    assert found.network().classes == found.classes == 1000


def test_a_recipe_brings_its_bits_image_and_board() -> None:
    found = find_subject("digits-squeezenet")
    assert (found.recipe, found.board, found.image) == ("digits-squeezenet", "ulx3s-85f", (16, 16, 1))
    assert found.quantization is not None and found.quantization.weight_bits == 4
    assert found.network().input_shape == (16, 16, 1)


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UserError, match="there is no network or recipe 'squeezenett': did you mean 'squeezenet"):
        find_subject("squeezenett")


def test_precision_changes_what_is_said_and_leaves_the_rest() -> None:
    plain = find_subject("nin")
    assert plain.at_precision(None, None) is plain
    weights = plain.at_precision(4, None).quantization
    assert weights is not None and (weights.weight_bits, weights.activation_bits) == (4, FLOAT_BITS)
    both = find_subject("digits-squeezenet").at_precision(None, 3).quantization
    assert both is not None and (both.weight_bits, both.activation_bits) == (4, 3)


def test_names_are_found_however_they_are_written():
    assert find_subject("VGG-19").family == find_subject("vgg19").family == find_subject("vgg").family == "vgg"
    recipe = find_subject("zynqnet-nano")
    assert (recipe.family, recipe.board, recipe.image) == ("zynqnet", "ulx3s-85f", (16, 16, 1))
    with pytest.raises(UserError, match=r"no network or recipe 'squeezent': did you mean 'squeezenet'"):
        find_subject("squeezent")
