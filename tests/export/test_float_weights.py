"""Weights matched to layers: by name where the names are ours, else by order and shape."""

from pathlib import Path

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.export.float_weights import by_name, in_order, shape_of
from tests.export.weight_files import NETWORK, dense, same

FILE = Path("net.bin")


def test_the_two_halves_of_a_fire_module_come_in_any_order() -> None:
    weights = dense()
    names = list(weights)
    first, second = names.index("fire2.expand1x1"), names.index("fire2.expand3x3")
    names[first], names[second] = names[second], names[first]
    assert same(in_order(FILE, NETWORK, [(f"theirs {name}", weights[name]) for name in names]), weights)


def test_the_first_that_does_not_match_is_named_with_what_the_network_has_there() -> None:
    items = list(dense().items())
    items[1] = ("odd", items[0][1])
    with pytest.raises(UserError, match=r"net.bin is of another network: odd has the shape .*where the network has"):
        in_order(FILE, NETWORK, items)
    with pytest.raises(UserError, match=r"odd has the shape .*, where the network has nothing more|net.bin is of"):
        in_order(FILE, NETWORK, [*dense().items(), items[1]])


def test_our_own_names_are_known_and_a_missing_bias_is_zero() -> None:
    tensors = {f"{name}.weight": w.weight for name, w in dense().items()}
    found = by_name(NETWORK, tensors)
    assert found is not None and not any(w.bias.any() for w in found.values())
    assert by_name(NETWORK, {**tensors, "conv1.weight": np.zeros((1, 1, 1, 1))}) is None
    assert by_name(NETWORK, {}) is None


def test_shapes_are_those_of_the_network() -> None:
    first = NETWORK.convolutions[0]
    assert shape_of(NETWORK, first) == (4, 3, 3, 3)
