"""Operators that move elements: as ONNX's reference moves them, or refused in words."""

import numpy as np
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator

from hwcodesign.lower.layout import LayoutError, moved
from tests.lower.walking import node

ARRAY = np.arange(24.0).reshape(1, 2, 3, 4)
CASES = {
    "flatten": ("Flatten", {}, None),
    "flatten behind an axis": ("Flatten", {"axis": 2}, None),
    "flatten from the end": ("Flatten", {"axis": -1}, None),
    "reshape, one side open": ("Reshape", {}, [1, -1, 4]),
    "reshape, 0 copies": ("Reshape", {}, [0, 0, 12]),
    "transpose": ("Transpose", {"perm": [0, 2, 3, 1]}, None),
    "reversed": ("Transpose", {}, None),
    "unsqueeze": ("Unsqueeze", {}, [2]),
    "squeeze": ("Squeeze", {}, [0]),
}


@pytest.mark.parametrize("case", CASES)
def test_elements_go_where_the_reference_puts_them(case: str) -> None:
    operator, attributes, given = CASES[case]
    others = [] if given is None else [np.array(given, dtype=np.int64)]
    inputs = ["x", *(["s"] if others else [])]
    session = ReferenceEvaluator(helper.make_node(operator, inputs, ["y"], **attributes), opsets={"": 13})
    wanted = session.run(None, {"x": ARRAY, **({"s": others[0]} if others else {})})[0]
    found = moved(node(operator, **attributes), ARRAY, others)
    assert found.shape == wanted.shape and (found == wanted).all()


def test_a_files_own_batch_is_one_here() -> None:
    assert moved(node("Reshape"), ARRAY, [np.array([8, 24])], batch=8).shape == (1, 24)


@pytest.mark.parametrize(
    ("array", "others", "message"),
    [(ARRAY, [None], "computed at run time"), (ARRAY, [np.array([5, 5])], r"makes \[1, 2, 3, 4\] into \[5, 5\]")],
)
def test_what_has_no_meaning_is_refused(array: np.ndarray, others: list[np.ndarray | None], message: str) -> None:
    with pytest.raises(LayoutError, match=message):
        moved(node("Reshape"), array, others)


def test_squeezing_keeps_the_batch() -> None:
    assert moved(node("Squeeze"), ARRAY[:, :, :1], []).shape == (1, 2, 4)


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_depth_to_space_is_onnx(mode: str) -> None:
    found = node("DepthToSpace", blocksize=2, mode=mode)
    array = np.arange(2 * 8 * 3).reshape(1, 8, 2, 3)
    operator = helper.make_node("DepthToSpace", ["x"], ["y"], blocksize=2, mode=mode)
    wanted = ReferenceEvaluator(operator, opsets={"": 13})
    assert np.array_equal(moved(found, array, []), wanted.run(None, {"x": array})[0])
    with pytest.raises(LayoutError, match="8 channels do not divide into blocks of 3x3; 9 would"):
        moved(node("DepthToSpace", blocksize=3), array, [])
