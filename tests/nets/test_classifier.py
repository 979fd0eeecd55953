"""Fully connected layers as convolutions over all of their input, also after what is in front has changed."""

from dataclasses import replace

from hwcodesign.nets.classifier import covering_kernel, fully_connected, refitted
from hwcodesign.nets.network import INPUT, Conv, Network

FRONT = (Conv("conv1", INPUT, 4, 3, quantizer="q"),)


def network(side: int) -> Network:
    layers = fully_connected((side, side, 1), FRONT, {"fc1": 10, "fc2": 5})
    return Network("net", (side, side, 1), 5, (*FRONT, *layers))


def test_the_first_covers_all_pixels_the_others_one_and_the_last_has_no_quantizer() -> None:
    _, first, last = network(8).convolutions
    assert (first.kernel, first.quantizer, last.kernel, last.quantizer) == (6, "fc1.quantizer", 1, None)
    assert network(8).shapes["fc2"] == (1, 1, 5)


def test_what_is_not_square_is_covered_by_two_sides() -> None:
    (layer,) = fully_connected((8, 6, 1), FRONT, {"fc1": 10})
    assert layer.kernel == (6, 4) and covering_kernel((6, 6, 4)) == 6


def test_a_changed_front_is_covered_again_unless_the_kernel_was_set() -> None:
    before = network(8)
    after = replace(before, nodes=(replace(before.nodes[0], kernel=5), *before.nodes[1:]))  # type: ignore[type-var]
    assert refitted(before, after).convolutions[1].kernel == 4
    smaller = replace(after, nodes=(after.nodes[0], replace(after.nodes[1], kernel=2), after.nodes[2]))  # type: ignore[type-var]
    assert refitted(before, smaller, but=["fc1"]).convolutions[1].kernel == 2
