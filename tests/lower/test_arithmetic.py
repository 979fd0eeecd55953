"""Arithmetic in real numbers, beside numpy's; what cannot be thresholds is told with a way out."""

import re

import numpy as np
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator

from hwcodesign.dataflow import IntType
from hwcodesign.lower import arithmetic
from hwcodesign.lower.values import Constant
from tests.lower.walking import node, problems, reals, value, walk

INTEGERS = np.arange(32).reshape(2, 4, 4) % 16
SHAPES = [(), (1,), (2, 1, 1), (1, 2, 1, 1), (1, 2, 4, 4)]


def constant(shape: tuple[int, ...]) -> Constant:
    """1.5 in channel 0 and -2 in channel 1, or 1.5 alone."""
    if np.prod(shape, dtype=int) == 1:
        return Constant(np.full(shape, 1.5, dtype=np.float32))
    return Constant(np.broadcast_to(np.array([1.5, -2.0], dtype=np.float32).reshape(2, 1, 1), shape).copy())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("operator", ["Add", "Sub", "Mul", "Div"])
def test_constants_of_any_shape_scale_and_shift(operator: str, shape: tuple[int, ...]) -> None:
    numbers, functions = constant(shape), {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide}
    made = arithmetic.scale_or_shift(walk(), node(operator), value(), numbers)
    assert made is not None
    wanted = functions[operator](0.5 * INTEGERS, numbers.real.astype(float))
    assert np.allclose(reals(made, INTEGERS), wanted.reshape(2, 4, 4), rtol=1e-15)


def test_a_constant_may_come_first() -> None:
    made = arithmetic.scale_or_shift(walk(), node("Sub"), constant(()), value())
    assert made is not None and (reals(made, INTEGERS) == 1.5 - 0.5 * INTEGERS).all()


@pytest.mark.parametrize(
    ("operator", "inputs", "message"),
    [
        ("Div", (constant(()), value()), "divides a number by the feature map"),
        ("Div", (value(), Constant(np.zeros(1))), "divides by zero"),
        ("Mul", (value(), value()), "a function of itself"),
        ("Mul", (value(), value(operation="other")), "multiplies two computed feature maps, which has no supported"),
        ("Add", (value(), Constant(np.arange(16.0).reshape(4, 4))), "one number, or one per channel"),
        ("Add", (value(), Constant(np.zeros((3, 1, 1)))), r"shape \(3, 1, 1\) for a tensor of \(1, 2, 4, 4\)"),
    ],
)
def test_what_is_no_scale_or_shift_is_told(operator: str, inputs: tuple[object, object], message: str) -> None:
    made = walk()
    assert arithmetic.scale_or_shift(made, node(operator), *inputs) is None  # type: ignore[arg-type]
    assert re.search(message, problems(made))


def test_batch_norm_is_that_of_the_reference() -> None:
    rng = np.random.default_rng(1)
    parameters = [rng.uniform(0.5, 2, 2).astype(np.float32) for _ in range(4)]
    made = arithmetic.batch_norm(walk(), node("BatchNormalization", epsilon=1e-3), value(), *map(Constant, parameters))
    assert made is not None
    names = ["x", "gamma", "beta", "mean", "variance"]
    session = ReferenceEvaluator(helper.make_node("BatchNormalization", names, ["y"], epsilon=1e-3), opsets={"": 13})
    frame = (0.5 * INTEGERS).astype(np.float32)[None]
    (wanted,) = session.run(None, dict(zip(names, [frame, *parameters], strict=True)))
    assert np.allclose(reals(made, INTEGERS), wanted[0], rtol=1e-5, atol=1e-6)


def test_batch_norm_after_flattening_or_in_training_is_told() -> None:
    made, numbers = walk(), [Constant(np.ones(32))] * 4
    assert arithmetic.batch_norm(made, node("BatchNormalization"), value(), *numbers) is None
    assert "32 features of a feature map of 2 channels" in problems(made)
    training = node("BatchNormalization", training_mode=1)
    assert arithmetic.batch_norm(made, training, value(), *[Constant(np.ones(2))] * 4) is None
    assert "export in eval mode" in problems(made)


FUNCTIONS = {
    "Relu": {}, "Sigmoid": {}, "Tanh": {}, "Softplus": {}, "Softsign": {}, "Floor": {}, "Ceil": {}, "Sign": {},
    "LeakyRelu": {"alpha": 0.1}, "Elu": {"alpha": 0.7}, "Selu": {}, "Celu": {"alpha": 2.0},
    "ThresholdedRelu": {"alpha": 0.3}, "HardSigmoid": {"alpha": 0.25, "beta": 0.4},
}  # fmt: skip


@pytest.mark.parametrize("operator", FUNCTIONS)
def test_a_function_is_the_references_and_never_falls(operator: str) -> None:
    attributes = FUNCTIONS[operator]
    made = arithmetic.function(walk(), node(operator, **attributes), value(int_type=IntType(5, True), scale=0.3))
    assert made is not None
    numbers = np.linspace(-4, 4, 81)
    step = made.steps[-1]
    found = step(np.tile(numbers, (2, 1)))
    session = ReferenceEvaluator(helper.make_node(operator, ["x"], ["y"], **attributes), opsets={"": 13})
    (wanted,) = session.run(None, {"x": numbers.astype(np.float32)})
    assert np.allclose(found[0], wanted, rtol=1e-4, atol=1e-5)
    assert (np.diff(found) >= 0).all()


@pytest.mark.parametrize(
    ("operator", "attributes", "parameters"),
    [
        ("LeakyRelu", {"alpha": -0.1}, ()),
        ("PRelu", {}, (Constant(np.array([0.1, -0.1]).reshape(2, 1, 1)),)),
        ("Selu", {"gamma": -1.0}, ()),
        ("Celu", {"alpha": 0.0}, ()),
    ],
)
def test_parameters_with_which_it_falls_are_told(
    operator: str, attributes: dict[str, float], parameters: tuple[Constant, ...]
) -> None:
    made = walk()
    assert arithmetic.function(made, node(operator, **attributes), value(), *parameters) is None
    assert "falls somewhere" in problems(made)


def test_limits_of_clip_may_be_inputs_one_of_them_left_out() -> None:
    made = arithmetic.function(walk(), node("Clip"), value(), None, Constant(np.array(3.0)))
    assert made is not None and (reals(made, INTEGERS) == np.minimum(0.5 * INTEGERS, 3.0)).all()


def test_minus_turns_every_sign() -> None:
    made = arithmetic.negative(walk(), node("Neg"), value())
    assert made.signs.tolist() == [-1, -1] and (reals(made, INTEGERS) == -0.5 * INTEGERS).all()
