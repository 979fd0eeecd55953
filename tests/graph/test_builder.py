"""Bounds travel through the builder, and sums that the type could not promise find their accumulator."""

import numpy as np

from hwcodesign.core.integers import PIXEL, Interval, IntType
from hwcodesign.dataflow import Stream
from hwcodesign.graph.builder import Assembly
from hwcodesign.kinds import kind_of


def test_a_pool_over_49_pixels_promises_735_and_no_more() -> None:
    assembly = Assembly("frames", Stream((7, 7, 2), IntType(4, signed=False)))
    sums = assembly.stream(assembly.global_acc_pool("pool", "frames"))
    assert (str(sums.type), sums.low, sums.high) == ("uint10", 0, 735)
    weights = np.array([[3, -1], [2, -4]])
    acc = Interval(-5 * 735, 5 * 735).signed_type
    assembly.mvau(
        "fc", "pool", 2, out_type=None, weight_type=IntType(4, True), acc_type=acc, tensors={"weights": weights}
    )
    assembly.label_select("fc")
    for layer in assembly.finish({}).layers:
        kind_of(layer.kind).check(layer)
    assert acc.bits < Interval(-5 * 1023, 5 * 1023).signed_type.bits  # what the reach of the type would have asked for


def test_zeros_of_a_padding_are_within_its_bounds() -> None:
    assembly = Assembly("frames", Stream((2, 2, 1), PIXEL, Interval(3, 9)))
    padded = assembly.stream(assembly.padding("pad", "frames", (1, 0, 0, 0)))
    assert (padded.shape, padded.low, padded.high) == ((3, 2, 1), 0, 9)
    window = assembly.stream(assembly.sliding_window("window", "pad", (2, 2), (1, 1)))
    assert (window.shape, window.low, window.high) == ((2, 1, 4), 0, 9)


def test_accumulators_hold_what_the_whole_stream_can_be() -> None:
    """Bounds of each channel may promise less than the kinds, which know those of the stream, can check."""
    assembly = Assembly("frames", Stream((1, 1, 2), IntType(2, signed=True)))
    narrow = IntType(3, True)  # enough if the inputs are -1 to 1
    assembly.mvau("fc", "frames", 2, out_type=None, weight_type=IntType(3, True), acc_type=narrow,
                  tensors={"weights": np.array([[1, 1], [1, 2]])})  # fmt: skip
    layer = assembly.finish({}).layers[0]
    kind_of("mvau").check(layer)
    assert str(layer.output.type) == layer.attributes["acc_type"] == "int4"
