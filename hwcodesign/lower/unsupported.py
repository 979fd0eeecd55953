"""Operators that no supported hardware layer computes, each with its reason and a way round it."""

from hwcodesign.lower.arithmetic import RISING
from hwcodesign.lower.file_network import Node

_LEAVE_OUT = "leave it out of the exported model: the order of the scores is the same without it"
_AT_RUN_TIME = "it normalizes by statistics of each image, which are computed at run time"
_BATCH_NORM = "use BatchNorm2d, whose statistics are constants"
_REASONS = {
    **dict.fromkeys(
        ("Softmax", "LogSoftmax"), ("Softmax inside the network has no supported hardware layer", _LEAVE_OUT)
    ),
    **dict.fromkeys(
        (
            "InstanceNormalization", "GroupNormalization", "LayerNormalization", "LpNormalization",
            "MeanVarianceNormalization",
        ),
        (_AT_RUN_TIME, _BATCH_NORM),
    ),
    **dict.fromkeys(
        ("HardSwish", "Gelu", "Mish", "Swish", "Abs", "Sin", "Cos", "Erf"),
        ("its function falls somewhere, so that no thresholds can stand for it", RISING),
    ),
    **dict.fromkeys(
        ("LSTM", "GRU", "RNN"),
        ("a recurrent layer has no supported hardware layer", "use convolutions over time (Conv1d)"),
    ),
    **dict.fromkeys(
        ("QLinearConv", "QLinearMatMul"),
        (
            "a layer with its quantizers in one operator (onnxruntime's QOperator) is not read",
            "quantize with quant_format=QuantFormat.QDQ",
        ),
    ),
    **dict.fromkeys(
        ("DynamicQuantizeLinear", "ConvInteger", "MatMulInteger"),
        ("its scale is computed at run time", "quantize statically, with quant_format=QuantFormat.QDQ"),
    ),
    "ConvTranspose": (
        "a transposed convolution has no supported hardware layer", "upsample outside the network, or use Conv2d"
    ),
}  # fmt: skip


_ANY_FIX = "use convolutions, fully connected layers, batch norm, ReLU and the like, pools, cat and sums"


def why_not(node: Node, known: bool) -> tuple[str, str] | None:
    """Cause and fix, if the operator is one of these, or not `known`."""
    reason = (f"{node.operator} has no supported hardware layer", _ANY_FIX)
    return _REASONS.get(node.operator, None if known else reason)
