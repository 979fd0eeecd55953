"""Constants worked out: quantized ones stay integers and a scale as far as that is exact."""

import numpy as np
import pytest

from hwcodesign.lower.constant_folding import fold, quantized
from hwcodesign.lower.quantizers import grid_of
from hwcodesign.lower.values import Constant
from tests.lower.walking import node

INTEGERS = np.arange(-3, 3).reshape(2, 3)


def weights() -> Constant:
    scale = np.broadcast_to(np.array([[0.5], [0.25]]), INTEGERS.shape)
    return Constant((INTEGERS * scale).astype(np.float32), INTEGERS, scale)


def test_what_moves_elements_moves_integers_and_scales_alike() -> None:
    made = fold(node("Transpose", ("w",), perm=[1, 0]), [weights()], 13)
    assert made.integers is not None and made.scale is not None
    assert (made.integers == INTEGERS.T).all() and (made.exact == weights().exact.T).all()


@pytest.mark.parametrize(("operator", "factor"), [("Mul", 2.0), ("Div", 0.5)])
def test_a_factor_goes_into_the_scale(operator: str, factor: float) -> None:
    other = Constant(np.array(2.0, dtype=np.float32))
    made = fold(node(operator, ("w", "s")), [weights(), other], 13)
    assert made.integers is INTEGERS or (made.integers == INTEGERS).all()
    assert (made.scale == weights().scale * factor).all()


def test_other_operators_give_real_numbers_as_onnx_computes_them() -> None:
    made = fold(node("Sub", ("w", "s")), [weights(), Constant(np.array(1.0, dtype=np.float32))], 13)
    assert made.integers is None and np.allclose(made.real, weights().real - 1)


def test_constants_are_quantized_in_float32_as_training_saw_them() -> None:
    scale = np.array(np.float32(0.1))
    grid = grid_of(4, True, True, scale, np.array(0.0), "ROUND")
    real = np.array([0.24, -5.0, 0.05, 0.35], dtype=np.float32)
    made = quantized(real, grid)
    assert made.integers is not None and made.scale is not None
    assert made.integers.tolist() == np.clip(np.round(real / np.float32(0.1)), -7, 7).astype(int).tolist()
    assert made.scale[0] == float(np.float32(0.1)) and not made.bipolar
    assert quantized(real, grid_of(1, True, False, scale, np.array(0.0), "ROUND")).bipolar
