"""Bits of tensors, as the quantizers around them say."""

from types import SimpleNamespace

import numpy as np
from onnx import helper, numpy_helper

from hwcodesign.analyze.onnx_bits import tensor_bits


def bits(*nodes: object, **constants: float) -> dict[str, int]:
    found = helper.make_graph(
        list(nodes), "g", [], [], [numpy_helper.from_array(np.float32(v), k) for k, v in constants.items()]
    )
    return dict(tensor_bits(SimpleNamespace(graph=found)))  # type: ignore[arg-type]


def quant(source: str, made: str, width: str) -> object:
    return helper.make_node("Quant", [source, "s", "z", width], [made])


def test_a_quantizer_says_its_bits_and_what_moves_values_keeps_them() -> None:
    found = bits(
        quant("x", "q", "four"), helper.make_node("MaxPool", ["q"], ["p"]), helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Conv", ["f", "w"], ["c"]), four=4.0,
    )  # fmt: skip
    assert (found["q"], found["p"], found["f"], found.get("c", 32)) == (4, 4, 4, 32)


def test_what_is_on_its_way_into_a_quantizer_has_its_bits() -> None:
    found = bits(
        helper.make_node("Conv", ["x", "w"], ["c"]), helper.make_node("BatchNormalization", ["c"], ["n"]),
        helper.make_node("Relu", ["n"], ["r"]), quant("r", "q", "three"), three=3.0,
    )  # fmt: skip
    assert [found[name] for name in ("c", "n", "r", "q")] == [3, 3, 3, 3]


def test_bits_that_are_computed_are_unknown_and_bipolar_is_one() -> None:
    found = bits(quant("x", "q", "computed"), helper.make_node("BipolarQuant", ["y", "s"], ["b"]))
    assert found.get("q", 32) == 32 and found["b"] == 1
