import numpy as np
import pytest

from hwcodesign.kinds import kind_of
from hwcodesign.kinds.shared.fewer_bits import Inputs, rounded
from sim.bench import random_values
from sim.mvau import random_case

MVAU = kind_of("mvau")


def case(seed: int = 1):
    rng = np.random.default_rng(seed)
    layer, _ = random_case(rng, "uint4", "int4", "uint4", 3, (4, 2), (6, 3))
    frames = random_values(rng, layer.input.type, (20, *layer.input.shape))
    columns = frames.reshape(-1, layer.input.channels)
    return layer, frames, Inputs(columns.mean(axis=0), (columns**2).mean(axis=0))


def test_weights_that_fewer_bits_hold_stay_what_they_are() -> None:
    _, _, inputs = case()
    weights = np.random.default_rng(2).integers(-3, 4, (len(inputs.mean), 5))
    weights[0] = 3
    found = rounded(weights, inputs, 3)
    assert (found.integers == weights).all()
    assert (found.scales == 1).all()
    assert (found.offsets == 0).all()


@pytest.mark.parametrize("bits", [2, 3])
def test_a_layer_of_fewer_bits_is_a_layer_of_integers(bits: int) -> None:
    layer, _, inputs = case()
    made = MVAU.with_weight_bits(layer, bits, inputs)
    MVAU.check(made)
    assert MVAU.spare_bits(made) == bits < MVAU.spare_bits(layer)
    assert made.output == layer.output
    assert np.abs(made.tensors["weights"]).max() <= (1 << (bits - 1)) - 1


def test_more_bits_are_nearer_to_the_layer() -> None:
    """Over several layers, outputs differ less with three bits than with two, and less than those of other inputs."""
    apart = np.zeros(3)
    for seed in range(6):
        layer, frames, inputs = case(seed)
        (before,) = MVAU.run(layer, [frames])
        for place, bits in enumerate((2, 3)):
            (after,) = MVAU.run(MVAU.with_weight_bits(layer, bits, inputs), [frames])
            apart[place] += np.abs(after - before).mean()
        apart[2] += np.abs(before - before[::-1]).mean()
    assert apart[1] < apart[0] < apart[2]


def test_raw_scores_and_signs_have_no_bits_to_spare() -> None:
    rng = np.random.default_rng(1)
    for weight, out in (("int4", None), ("bipolar", "uint4")):
        layer, _ = random_case(rng, "uint4", weight, out, 3, (2, 2), (2, 2))
        assert MVAU.spare_bits(layer) == 0
