"""What a file may say in many ways: each network equals its file in every score, or is refused by layer and cause."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from hwcodesign.core.errors import UserError
from hwcodesign.graph import interpreter
from hwcodesign.lower import understand
from tests.lower import float64
from tests.lower.by_hand import INPUT, Graph
from tests.lower.equality import require_as_verified

AROUND = [0, 0, 1, 1, 0, 0, 1, 1]
FALLS = np.array([-1.0, 1.0, -0.5, 0.25]).reshape(1, 4, 1, 1)


def first(g: Graph, scale: float = 60.0, **options: int) -> str:
    return g.quant(g.conv(INPUT), scale, **options)


def pooled(g: Graph, tensor: str, stride: int = 2) -> str:
    return g.add("MaxPool", tensor, kernel_shape=[2, 2], strides=[stride, stride])


def apart(g: Graph, count: int = 3) -> list[str]:
    """Feature maps whose scales have no small ratio."""
    x = first(g)
    return [g.quant(g.conv(x, 4, 4, 1), scale, bits=3) for scale in (7.13, 5.77, 3.31)[:count]]


def around(g: Graph, scale: float = 60.0) -> str:
    """Zeros around a quantized feature map."""
    return g.add("Pad", first(g, scale), AROUND)


def halves(g: Graph) -> list[str]:
    return g.several("Split", 2, g.conv(INPUT), [2, 2], axis=1)


def difference_of_a_sum(g: Graph) -> str:
    a, b, c = apart(g)
    return g.scores(g.quant(g.add("Sub", c, g.add("Add", a, b)), 8.0, signed=1))


def sum_of_a_scaled_and_shifted_sum(g: Graph) -> str:
    a, b, c = apart(g)
    halved = g.add("Add", g.add("Mul", g.add("Add", a, b), 0.5), 9.0)
    return g.scores(g.quant(g.add("Add", halved, c), 8.0))


def two_quantizers_of_a_split(g: Graph) -> str:
    a, b = halves(g)
    return g.scores(g.add("Concat", g.quant(g.add("Neg", a), 60.0), g.quant(b, 30.0), axis=1))


def a_clip_joined_with_itself(g: Graph) -> str:
    x = g.add("Relu", first(g, 40.0, signed=1))
    return g.scores(g.add("Concat", x, g.add("Add", x, x), x, axis=1), 12)


def scores_of_two_halves(g: Graph) -> str:
    y = g.quant(g.scores(first(g)), 4.0, bits=6, signed=1)
    return g.add("Add", g.add("Slice", y, [0], [2], [1]), g.add("Gather", y, [4, 2], axis=1))


def two_windows(g: Graph) -> str:
    x = first(g)
    halved = g.add("Slice", x, [2, 0, 0], [4, 6, 6], [1, 2, 3], [1, 2, 2])
    return g.scores(g.quant(g.add("Add", halved, g.add("Slice", x, [0, 1, 2], [2, 4, 5], [1, 2, 3])), 60.0), 2)


def narrow_shortcut(g: Graph) -> str:
    """As the residual networks for CIFAR have it that need no weights there."""
    x = first(g)
    shortcut = g.add("Pad", g.add("Slice", x, [0, 0], [6, 6], [2, 3], [2, 2]), [0, 2, 0, 0, 0, 2, 0, 0])
    weights = g.quant(g.random.uniform(-1, 1, (8, 4, 2, 2)), 0.125, signed=1)
    y = g.quant(g.add("Conv", x, weights, kernel_shape=[2, 2], strides=[2, 2]), 60.0)
    return g.scores(g.quant(g.add("Add", y, shortcut), 60.0), 8)


def blocks(g: Graph) -> str:
    """As a detector's first layer has it."""
    parts = [g.add("Slice", INPUT, [row, column], [8, 8], [2, 3], [2, 2]) for row in (0, 1) for column in (0, 1)]
    return g.scores(g.quant(g.conv(g.add("Concat", *parts, axis=1), 8), 60.0))


NETWORKS: dict[str, Callable[[Graph], str]] = {
    "max pool, a factor below 0, quantizer": lambda g: g.scores(
        g.quant(g.add("Mul", pooled(g, g.conv(INPUT)), FALLS), 40.0, signed=1)
    ),
    "max pool, a factor below 0, average": lambda g: g.scores(
        g.quant(g.add("AveragePool", g.add("Mul", pooled(g, g.conv(INPUT), 1), FALLS), kernel_shape=[2, 2]), 40.0)
    ),
    "max pool, a factor below 0, scores": lambda g: g.add(
        "Flatten", g.add("Neg", g.add("GlobalMaxPool", g.conv(INPUT)))
    ),
    "difference of a sum": difference_of_a_sum,
    "sum of a scaled and shifted sum": sum_of_a_scaled_and_shifted_sum,
    "two quantizers of a split": two_quantizers_of_a_split,
    "a clip joined with itself": a_clip_joined_with_itself,
    "maximum and minimum of several": lambda g: g.scores(
        g.quant(g.add("Min", 200.0, g.add("Max", -50.0, g.conv(INPUT), FALLS * 60)), 20.0, signed=1)
    ),
    "maximum and minimum of one": lambda g: g.scores(
        g.quant(g.add("Min", g.add("Max", g.conv(INPUT))), 60.0, signed=1)
    ),
    "division that ends on the floor": lambda g: g.scores(
        g.quant(g.add("Div", INPUT, 49.0), 1.0, rounding_mode="FLOOR"), 2
    ),
    "division that ends on a half": lambda g: g.scores(g.quant(g.add("Div", INPUT, 98.0), 1.0), 2),
    "mean that ends on the floor": lambda g: g.scores(
        g.quant(
            g.add("AveragePool", g.quant(INPUT, 16.0), kernel_shape=[7, 7]), 2.0, bits=8, rounding_mode="FLOOR"
        ),
        2,
    ),
    "a cast to integers": lambda g: g.scores(
        g.quant(
            g.add("Cast", g.add("Cast", g.add("Div", g.conv(INPUT), 49.0), to=TensorProto.INT32), to=1), 1.0, signed=1
        )
    ),
    "an odd zero point": lambda g: g.scores(
        g.add(
            "DequantizeLinear",
            g.add("QuantizeLinear", g.add("Mul", INPUT, 0.5), 1.0, np.uint8(3)),
            1.0,
            np.uint8(3),
        ),
        2,
    ),
    "integers padded with their zero point": lambda g: g.scores(
        g.quant(
            g.conv(
                g.add(
                    "DequantizeLinear",
                    g.add("Pad", g.add("QuantizeLinear", g.conv(INPUT), 3.0, np.uint8(9)), AROUND, np.uint8(9)),
                    3.0,
                    np.uint8(9),
                ),
                4,
            ),
            200.0,
        )
    ),
    "max pool of zeros around a ReLU": lambda g: g.scores(pooled(g, g.add("Pad", first(g), AROUND))),
    "thresholds of shuffled channels": lambda g: g.scores(
        g.add(
            "MultiThreshold",
            g.add("Gather", g.conv(INPUT), [2, 0, 3, 1], axis=1),
            np.array([[0.0, 100, 200], [-100, 50, 70], [300, 400, 500], [-300, 0, 10]]),
            out_scale=1.0, out_bias=0.0, out_dtype="UINT2",
        )
    ),
    "a sum of three": lambda g: g.scores(g.quant(g.add("Sum", *apart(g)), 8.0)),
    "a sum with constants": lambda g: g.scores(g.quant(g.add("Sum", *apart(g, 2), 8.0, FALLS), 8.0, signed=1)),
    "max pool of quantized numbers that fall": lambda g: g.scores(
        pooled(g, g.add("Relu", g.add("Add", g.add("Mul", first(g, 40.0), FALLS), 200.0)))
    ),
    "max pool of a quantized number that falls": lambda g: g.scores(
        g.quant(pooled(g, g.add("Neg", g.add("Slice", first(g, 9.0, bits=6), [0], [1], [1]))), 9.0, 7, 1), 1
    ),
    "minimum between maxima": lambda g: g.scores(
        pooled(g, g.add("Neg", pooled(g, g.add("Neg", pooled(g, first(g, 40.0), 1)), 1)), 1)
    ),
    "max pool whose last window ends outside": lambda g: g.scores(
        g.add("MaxPool", first(g, 40.0, signed=1), kernel_shape=[3, 2], strides=[2, 3], ceil_mode=1)
    ),
    "maximum over the last axes": lambda g: g.add(
        "MatMul",
        g.add("ReduceMax", g.add("Transpose", first(g), perm=[0, 2, 3, 1]), axes=[1, 2], keepdims=0),
        g.quant(g.random.uniform(-1, 1, (1, 4, 5)), 0.125, signed=1),
    ),
    "a matrix behind an axis of one": lambda g: g.add(
        "Reshape",
        g.add(
            "ReduceMean",
            g.add(
                "MatMul",
                g.add("Transpose", first(g), perm=[0, 2, 3, 1]),
                g.quant(g.random.uniform(-1, 1, (1, 1, 4, 5)), np.linspace(0.1, 0.3, 5), signed=1),
            ),
            axes=[1, 2], keepdims=0,
        ),
        [0, 5],
    ),
    "a clip between two steps": lambda g: g.scores(g.add("Clip", first(g, 40.0), 0.0, 90.0)),
    "leaky ReLU of quantized numbers": lambda g: g.scores(
        g.add("LeakyRelu", g.add("Neg", first(g, 40.0, signed=1)), alpha=0.125)
    ),
    "average pool of zeros around a map": lambda g: g.scores(
        g.add("AveragePool", around(g), kernel_shape=[3, 2], pads=[1, 0, 0, 0], count_include_pad=1)
    ),
    "zeros around what is scaled and clipped": lambda g: g.scores(
        g.quant(g.conv(g.add("Clip", g.add("Mul", around(g, 32.0), 2 * FALLS), -128.0, 128.0), 4), 60.0)
    ),
    "every other pixel, and what is inside": two_windows,
    "a shortcut of half the pixels and twice the channels": narrow_shortcut,
    "channels of zeros and a border of zeros": lambda g: g.scores(
        g.quant(g.conv(g.add("Pad", first(g, 40.0, signed=1), [0, 0, 1, 1, 0, 1, 0, 2]), 5), 60.0),
    ),
    "blocks of pixels as channels": blocks,
    "some of the scores": lambda g: g.add("Gather", g.scores(first(g)), [3, 1, 4], axis=1),
    "scores of two halves": scores_of_two_halves,
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_every_score_is_the_files(name: str, tmp_path: Path) -> None:
    graph = Graph()
    graph.save(NETWORKS[name](graph), tmp_path / "model.onnx", opset=13)
    _, made = understand(tmp_path / "model.onnx", input_scale=1.0)
    frames = np.random.default_rng(1).integers(0, 256, (40, *made.input.shape))
    frames[:8] //= 40
    real = float64.evaluate(str(tmp_path / "model.onnx"), frames.transpose(0, 3, 1, 2))
    scores = interpreter.run(made, frames)[:, : made.score_count]
    assert np.allclose(made.score_map.affine(scores), real, rtol=0, atol=np.min(np.abs(made.score_map.scale)) / 4)
    assert len(np.unique(scores, axis=0)) > 20


NEAREST = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}


@pytest.mark.parametrize(
    ("axes", "told"),
    [([2, 3], ("", np.float32([2, 1]))), ([-1, -2], ("", np.float32([1, 2]))), ([-2], ("", "", np.array([12])))],
    ids=["scales", "axes from the end", "size"],
)
def test_a_shape_may_hold_the_files_own_batch_and_a_resize_its_own_axes(
    axes: list[int], told: tuple[object, ...], tmp_path: Path
) -> None:
    graph = Graph()
    scaled = graph.add("Resize", first(graph), *told, axes=axes, **NEAREST)
    output = graph.add("Reshape", graph.scores(scaled), [3, 5])
    graph.save(output, tmp_path / "model.onnx", opset=18, batch=3)
    _, made = understand(tmp_path / "model.onnx", input_scale=1.0)
    require_as_verified(tmp_path / "model.onnx", made, 5)


def test_a_resize_of_opset_10_has_no_other_numbers_than_its_scales(tmp_path: Path) -> None:
    graph = Graph()
    output = graph.scores(graph.add("Resize", first(graph), np.float32([1, 1, 2, 3])))
    graph.save(output, tmp_path / "model.onnx", opset=10)
    _, made = understand(tmp_path / "model.onnx", input_scale=1.0)
    require_as_verified(tmp_path / "model.onnx", made, 5)


REFUSED: dict[str, tuple[Callable[[Graph], str], str]] = {
    "max pool of zeros around signed numbers": (
        lambda g: g.scores(pooled(g, g.add("Pad", first(g, 40.0, signed=1), AROUND))),
        "padded with 0 before it, which is not the lowest number",
    ),
    "zeros that become +1": (
        lambda g: g.scores(g.quant(g.conv(g.add("BipolarQuant", g.add("Pad", g.conv(INPUT), AROUND), 1.0), 4), 1.0)),
        "padded with 1 before it",
    ),
    "integers padded with another number": (
        lambda g: g.scores(
            g.conv(
                g.add(
                    "DequantizeLinear",
                    g.add("Pad", g.add("QuantizeLinear", g.conv(INPUT), 3.0, np.uint8(9)), AROUND),
                    3.0,
                    np.uint8(9),
                ),
                4,
            )
        ),
        "padded with -27 before it",
    ),
    "truncation to a scale below 0": (
        lambda g: g.scores(g.add("Trunc", first(g, 4.0, bits=8), 4.0, 0.0, 8.0, -32.0, 4.0, rounding_mode="FLOOR")),
        "its scale after truncation is -32",
    ),
    "minimum between maxima of what nothing has quantized": (
        lambda g: g.scores(g.quant(pooled(g, g.add("Neg", pooled(g, g.conv(INPUT)))), 60.0, signed=1)),
        "a factor below 0 (of a batch norm, say) stands between n2 and it",
    ),
    "channels of zeros beside what nothing has quantized": (
        lambda g: g.scores(g.add("Pad", g.conv(INPUT), [0, 0, 0, 0, 0, 2, 0, 0]), 6),
        "it adds channels of zeros, and its input, from n1, is not quantized",
    ),
    "channels of ones": (
        lambda g: g.scores(g.add("Pad", first(g), [0, 0, 0, 0, 0, 2, 0, 0], 1.0), 6),
        "mode constant, value 1",
    ),
    "every other pixel of what nothing has quantized": (
        lambda g: g.scores(g.quant(pooled(g, g.add("Slice", g.conv(INPUT), [0], [6], [2], [2])), 60.0)),
        "it leaves pixels out, and its input, from n1, is not quantized",
    ),
    "a clip at no whole number of steps": (
        lambda g: g.scores(g.add("Clip", first(g, 40.0), 0.0, 90.1)),
        "its input, from n1, is no longer a whole number of steps behind a Clip",
    ),
    "a matrix for each channel": (
        lambda g: g.add(
            "MatMul",
            g.add("Reshape", first(g), [0, 4, 36]),
            g.quant(g.random.uniform(-1, 1, (4, 36, 5)), 0.1, signed=1),
        ),
        "its weights, of the shape (4, 36, 5), are no single matrix",
    ),
    "zeros around a sigmoid": (
        lambda g: g.scores(g.quant(g.conv(g.quant(g.add("Sigmoid", around(g)), 0.1), 4), 8.0)),
        "its input was padded with zeros before it, of which it makes 0.5",
    ),
    "average pool at a border that it does not count": (
        lambda g: g.scores(g.add("AveragePool", around(g), kernel_shape=[2, 2], pads=[1, 1, 0, 0])),
        "its windows at the border average fewer pixels",
    ),
    "average pool whose last window ends outside": (
        lambda g: g.scores(g.add("AveragePool", first(g), kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)),
        "ceil_mode cuts its last window at a feature map of 6 x 6 pixels",
    ),
    "a sum with a constant for each pixel": (
        lambda g: g.scores(g.quant(g.add("Sum", *apart(g, 2), np.arange(36.0).reshape(6, 6)), 8.0)),
        "its constant has the shape (6, 6)",
    ),
    "padded scores": (lambda g: g.add("Pad", first(g), AROUND), "its scores are padded with 0"),
    "a cast that loses numbers": (
        lambda g: g.scores(g.add("Cast", g.add("Cast", first(g), to=TensorProto.UINT8), to=1)),
        "it casts to uint8, which does not hold all its numbers",
    ),
    "nothing of a feature map": (
        lambda g: g.scores(g.add("Slice", first(g), [3], [3], [1])), "it takes no element at all",
    ),
    "the worst class": (
        lambda g: g.several("TopK", 2, g.scores(first(g)), [1], largest=0)[1], "it picks the lowest score",
    ),
    "the best frame": (lambda g: g.add("ArgMax", g.scores(first(g)), axis=0), "its axis 0 holds 1 of the 5 scores"),
    "softmax of one number each": (
        lambda g: g.add("Softmax", g.add("GlobalAveragePool", first(g))), "its axis 3 holds 1 of the 4 scores",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_hardware_would_compute_otherwise_is_refused(name: str, tmp_path: Path) -> None:
    graph, (make, cause) = Graph(), REFUSED[name]
    graph.save(make(graph), tmp_path / "model.onnx")
    with pytest.raises(UserError) as caught:
        understand(tmp_path / "model.onnx", input_scale=1.0)
    assert cause in str(caught.value) and caught.value.exit_code == 2


def test_a_resize_that_keeps_a_ratio_is_refused(tmp_path: Path) -> None:
    graph = Graph()
    asked = {"keep_aspect_ratio_policy": "not_larger", **NEAREST}
    output = graph.scores(graph.add("Resize", first(graph), "", "", [1, 4, 12, 12], **asked))
    graph.save(output, tmp_path / "model.onnx", opset=18)
    with pytest.raises(UserError, match="its size follows from a ratio that it keeps"):
        understand(tmp_path / "model.onnx", input_scale=1.0)


def test_what_follows_from_a_lost_tensor_whose_shape_is_a_guess_is_not_told(tmp_path: Path) -> None:
    graph = Graph()
    uneven = graph.add("Mul", first(graph), np.array([1, 1.1, 1.23, 0.77]).reshape(4, 1, 1))
    weights = graph.quant(graph.random.uniform(-1, 1, (4, 4, 2, 2)), 0.125, signed=1)
    flat = graph.add("Reshape", graph.add("Conv", uneven, weights, kernel_shape=[2, 2], strides=[2, 2]), [-1, 36])
    zero = np.uint8(0)
    output = graph.add("DequantizeLinear", graph.add("QuantizeLinear", flat, 9.0, zero), 9.0, zero)
    graph.save(output, tmp_path / "model.onnx")
    with pytest.raises(UserError, match=": 1 thing in this network cannot become hardware"):
        understand(tmp_path / "model.onnx", input_scale=1.0)
