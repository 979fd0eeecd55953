"""Operators without hardware: each has a reason and a way round; known ones pass."""

import pytest

from hwcodesign.lower.unsupported import why_not
from tests.lower.walking import node


@pytest.mark.parametrize(
    ("operator", "cause", "fix"),
    [
        ("Softmax", "inside the network", "leave it out"),
        ("LayerNormalization", "computed at run time", "BatchNorm2d"),
        ("Gelu", "falls somewhere", "never falls"),
        ("LSTM", "a recurrent layer", "Conv1d"),
        ("QLinearConv", "in one operator", "QuantFormat.QDQ"),
        ("MatMulInteger", "computed at run time", "quantize statically"),
        ("ConvTranspose", "a transposed convolution", "upsample outside"),
    ],
)
def test_reason_and_way_round(operator: str, cause: str, fix: str) -> None:
    found = why_not(node(operator), known=False)
    assert found is not None and cause in found[0] and fix in found[1]


def test_an_operator_nobody_knows_is_named() -> None:
    found = why_not(node("FrogNet"), known=False)
    assert found is not None and found[0] == "FrogNet has no supported hardware layer"
    assert why_not(node("Conv"), known=True) is None
