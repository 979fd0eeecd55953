"""Where a ReLU and its like begin and end."""

import numpy as np
import pytest
from onnx import NodeProto

from hwcodesign.lower.file_network import Node
from hwcodesign.lower.values import Constant
from hwcodesign.quantize.float_clips import end_of, ends_of

MAP = object()


def number(value: object) -> Constant:
    return Constant(np.asarray(value, np.float32))


@pytest.mark.parametrize(
    ("operator", "names", "inputs", "attributes", "ends"),
    [
        ("Relu", ("x",), [MAP], {}, (0, np.inf)),
        ("Clip", ("x",), [MAP], {"min": 0.0, "max": 6.0}, (0, 6)),
        ("Clip", ("x", "a", "b"), [MAP, number(0), number(6)], {}, (0, 6)),
        ("Clip", ("x", "", "b"), [MAP, None, number([6])], {}, (-np.inf, 6)),
        ("Clip", ("x", "a"), [MAP, number(0)], {}, (0, np.inf)),
        ("Clip", ("x", "a"), [MAP, MAP], {}, (np.nan, np.inf)),
        ("Max", ("x", "a"), [MAP, number(0)], {}, (0, np.inf)),
        ("Min", ("a", "x"), [number(6), MAP], {}, (-np.inf, 6)),
        ("Min", ("x", "a"), [MAP, number([1, 2])], {}, (-np.inf, np.nan)),
        ("Max", ("x", "a", "b"), [MAP, number(0), number(1)], {}, (np.nan, np.nan)),
    ],
)
def test_ends(operator, names, inputs, attributes, ends):
    np.testing.assert_equal(
        ends_of(Node("clip", operator, names, ("y",), attributes, False, NodeProto()), inputs), ends
    )


def test_a_relu_without_an_end_has_none():
    assert (end_of(np.inf), end_of(6.0)) == (None, 6.0)
