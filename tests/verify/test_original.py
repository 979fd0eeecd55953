"""What a file means by itself: another evaluation in float64 agrees, and another meaning is told."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from hwcodesign.core.errors import VerificationError
from hwcodesign.core.score_map import INTEGERS
from hwcodesign.verify.original import OriginalFile
from tests.lower import elsewhere, float64

ENDS = (1 / 255, INTEGERS)


class Real(OriginalFile):
    """The real scores, before they are compared with a step."""

    def _integers(self, real: np.ndarray) -> np.ndarray:
        return real


@pytest.mark.parametrize("widths", ["w1a1", "w4a4"])
@pytest.mark.parametrize("network", list(elsewhere.NETWORKS))
def test_torch_in_float64_gives_the_same_scores(network: str, widths: str, tmp_path: Path) -> None:
    elsewhere.export(network, widths, tmp_path / "model.onnx")
    shape = elsewhere.NETWORKS[network][1]
    frames = np.random.default_rng(0).integers(0, 256, (4, *shape))
    real = [Real(tmp_path / "model.onnx", *ENDS)._run(frame.transpose(1, 2, 0)) for frame in frames]
    output = onnx.load(tmp_path / "model.onnx").graph.output[0].name
    expected = float64.evaluate(str(tmp_path / "model.onnx"), frames / 255)
    assert np.allclose([values[output].ravel() for values in real], expected, rtol=0, atol=1e-9)


def test_windows_of_numpy_are_onnxs() -> None:
    """Convolutions and pools with padding, strides, groups, and what numpy does not cover."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1, 4, 7, 6))
    cases = [
        ("Conv", {"pads": [1, 0, 2, 1], "strides": [2, 1]}, [rng.normal(size=(6, 4, 3, 2)), rng.normal(size=6)]),
        ("Conv", {"group": 2}, [rng.normal(size=(6, 2, 3, 3))]),
        ("Conv", {"dilations": [2, 2]}, [rng.normal(size=(3, 4, 3, 3))]),
        ("Conv", {"auto_pad": "SAME_UPPER"}, [rng.normal(size=(3, 4, 3, 3))]),
        ("MaxPool", {"kernel_shape": [3, 2], "strides": [2, 2], "pads": [1, 1, 1, 0]}, []),
        ("MaxPool", {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}, []),
    ]
    for operator, attributes, constants in cases:
        names = [f"c{i}" for i in range(len(constants))]
        node = helper.make_node(operator, ["x", *names], ["y"], **attributes)
        file = _File(node)
        ours = file._operator(node)(x, *constants)[0]
        assert np.allclose(ours, file._by_onnx(node)(x, *constants)[0], rtol=0, atol=1e-12), (operator, attributes)


class _File(OriginalFile):
    """One node and no file around it."""

    def __init__(self, node: onnx.NodeProto) -> None:
        self._opsets = {"": 13}


def test_another_step_than_the_networks_is_no_match(tmp_path: Path) -> None:
    elsewhere.export("perceptron", "w2a2", tmp_path / "model.onnx")
    file = OriginalFile(tmp_path / "model.onnx", *ENDS)
    with pytest.raises(VerificationError, match=r"score 0 is .*, which lies between two steps"):
        file.scores(np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1)))


def test_what_cannot_be_run_says_that_nothing_was_compared(tmp_path: Path) -> None:
    elsewhere.export("perceptron", "w2a2", tmp_path / "model.onnx")
    model = onnx.load(tmp_path / "model.onnx")
    (tensor,) = [t for t in model.graph.initializer if t.name == "3.weight"]
    tensor.CopyFrom(numpy_helper.from_array(np.zeros((24, 63), np.float32), tensor.name))
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(VerificationError, match="there is nothing to compare the lowered network with"):
        OriginalFile(tmp_path / "model.onnx", *ENDS).scores(np.zeros((1, 8, 8, 1)))
