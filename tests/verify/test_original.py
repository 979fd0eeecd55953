"""What a file means by itself: another evaluation in float64 agrees, and another meaning is told."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from hwcodesign.core.errors import VerificationError
from hwcodesign.core.score_map import INTEGERS
from hwcodesign.lower.execute import QonnxFile
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


def test_channels_last_is_the_same_network(tmp_path: Path) -> None:
    """A Conv, a batch norm and a max pool as QONNX has them for channels that come last, between maps laid out so."""
    rng = np.random.default_rng(0)
    weights = rng.integers(-7, 8, (3, 2, 3, 3)).astype(np.float32)
    norm = [rng.normal(size=3).astype(np.float32) for _ in range(3)] + [np.ones(3, np.float32)]
    frame = rng.integers(0, 256, (7, 6, 2))
    for side, last in (("first", False), ("last", True)):
        _layout(tmp_path / f"{side}.onnx", weights, norm, last)
    first, last = (OriginalFile(tmp_path / f"{side}.onnx", 1.0, INTEGERS) for side in ("first", "last"))
    assert np.array_equal(first._run(frame)["y"], last._run(frame)["y"])
    assert np.array_equal(first.levels(frame)["q"], last.levels(frame)["q"])
    theirs = QonnxFile(tmp_path / "last.onnx", 1.0, INTEGERS, at_once=1)
    assert np.allclose(theirs._run(frame[None])["y"], last._run(frame)["y"])
    assert np.array_equal(theirs.levels(frame)["q"], last.levels(frame)["q"])


def _layout(path: Path, weights: np.ndarray, norm: list[np.ndarray], last: bool) -> None:
    domain = "qonnx.custom_op.channels_last" if last else ""
    window = {"kernel_shape": [3, 3], "strides": [1, 1], "pads": [1, 1, 1, 1], "domain": domain}
    steps = [
        helper.make_node("Conv", ["x", "w"], ["a"], dilations=[1, 1], group=1, **window),
        helper.make_node("BatchNormalization", ["a", *"gbmv"], ["n"], epsilon=1e-5, momentum=0.9, domain=domain),
        helper.make_node(
            "Quant", ["n", "scale", "zero", "bits"], ["q"], name="q", signed=1, narrow=0, rounding_mode="ROUND",
            domain="qonnx.custom_op.general",
        ),
        helper.make_node("MaxPool", ["q"], ["p"], **window),
        *([helper.make_node("Transpose", ["p"], ["t"], perm=[0, 3, 1, 2])] if last else []),
        helper.make_node("Flatten", ["t" if last else "p"], ["y"]),
    ]  # fmt: skip
    constants = {"w": np.moveaxis(weights, 1, -1) if last else weights, **dict(zip("gbmv", norm, strict=True))}
    constants |= {name: np.array(value, np.float32) for name, value in (("scale", 100.0), ("zero", 0.0), ("bits", 4.0))}
    sides = [1, 7, 6, 2] if last else [1, 2, 7, 6]
    graph = helper.make_graph(
        steps, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, sides)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 126])],
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in constants.items()],
    )  # fmt: skip
    domains = {"": 13, "qonnx.custom_op.general": 1, "qonnx.custom_op.channels_last": 1}
    opsets = [helper.make_opsetid(name, version) for name, version in domains.items()]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), str(path))
