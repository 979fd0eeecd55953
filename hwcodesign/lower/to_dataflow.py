"""The operations that a network means as our graph of hardware layers, under their PyTorch paths."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypedDict

import numpy as np

from hwcodesign.core.score_map import ScoreMap
from hwcodesign.dataflow import Dataflow, IntType, Stream
from hwcodesign.graph.builder import Assembly, signed_holding
from hwcodesign.lower.meaning import Meaning
from hwcodesign.lower.operation import GRAPH_INPUT, Operation, Window


def to_dataflow(meaning: Meaning, contract: Mapping[str, float]) -> Dataflow:
    """One layer for every operation, and the padding and the windows that some of them need in front."""
    channels, height, width = meaning.frame
    build = _Build(Assembly(GRAPH_INPUT, Stream((height, width, channels), meaning.input_type)))
    for operation in meaning.operations.values():
        build.made[operation.name] = build.layer(operation)
    scores, last = meaning.scores, build.made[meaning.scores.operation]
    if build.assembly.stream(last).pixels == 1:
        build.assembly.label_select(
            last, score_map=ScoreMap.of(scores.scale, scores.bias, scores.function), low=scores.low, high=scores.high
        )
    else:
        build.assembly.map_output(last, scores.scale, scores.bias)
    return build.assembly.finish(contract)


def matrix_of(operation: Operation) -> np.ndarray:
    """The weights as (columns, rows): a window's elements in the order row, column, channel (of the row's group)."""
    assert operation.weights is not None
    return operation.weights.transpose(2, 3, 1, 0).reshape(-1, len(operation.weights))


def weight_type(operation: Operation) -> IntType:
    """The narrowest signed type of the weights; one bit only where they are bipolar."""
    assert operation.weights is not None
    if operation.bipolar:
        return IntType(1, signed=True)
    return signed_holding(int(operation.weights.min()), int(operation.weights.max()))


def accumulator_type(operation: Operation) -> IntType:
    """The narrowest signed type of the sums, and of the thresholds that they are compared with."""
    low, high = int(operation.low.min()), int(operation.high.max())
    if operation.thresholds is not None:
        low, high = min(low, int(operation.thresholds.min())), max(high, int(operation.thresholds.max()))
    return signed_holding(low, high)


@dataclass
class _Build:
    assembly: Assembly
    made: dict[str, str] = field(default_factory=lambda: {GRAPH_INPUT: GRAPH_INPUT})

    def layer(self, operation: Operation) -> str:
        """Add the layers of one operation; the name of the last."""
        name = operation.name
        sources = [self.made[source] for source in operation.sources]
        if operation.window is not None:
            sources = [self._windows(operation, sources[0], operation.window)]
        layers: Mapping[str, Callable[[], str]] = {
            "mvau": lambda: self._mvau(operation, sources[0]),
            "vvau": lambda: self._vvau(operation, sources[0]),
            "thresholding": lambda: self._thresholding(operation, sources[0]),
            "max_pool": lambda: self.assembly.max_pool(name, sources[0], _elements(operation)),
            "sum_pool": lambda: self.assembly.sum_pool(name, sources[0], _elements(operation)),
        }
        by_attributes = partial(self.assembly.layer, name, operation.operator, sources, operation.attributes)
        return layers.get(operation.operator, by_attributes)()

    def _windows(self, operation: Operation, source: str, window: Window) -> str:
        name, depthwise = operation.name, operation.operator != "mvau"
        if any(window.pad):
            # Where a quantizer behind a max pool closed the sums in front of it, the lowest is that of its levels.
            lowest = self.assembly.stream(source).low if operation.operator == "max_pool" else window.pad_value
            source = self.assembly.padding(f"{name}.pad", source, window.pad, lowest)
        if window.kernel == window.stride == (1, 1):
            return source
        return self.assembly.sliding_window(
            f"{name}.window", source, window.kernel, window.stride, depthwise, window.dilation
        )

    def _mvau(self, operation: Operation, source: str) -> str:
        return self.assembly.mvau(operation.name, source, len(operation.low), **_arithmetic(operation))

    def _vvau(self, operation: Operation, source: str) -> str:
        multiplier = len(operation.low) // operation.groups
        return self.assembly.vvau(operation.name, source, _elements(operation), multiplier, **_arithmetic(operation))

    def _thresholding(self, operation: Operation, source: str) -> str:
        assert operation.out_type is not None and operation.thresholds is not None
        tensors = {"thresholds": operation.thresholds}
        return self.assembly.thresholding(operation.name, source, operation.out_type, tensors)


class _Arithmetic(TypedDict):
    """What a matrix is told of its numbers."""

    out_type: IntType | None
    weight_type: IntType
    acc_type: IntType
    tensors: Mapping[str, np.ndarray]


def _arithmetic(operation: Operation) -> _Arithmetic:
    tensors = {"weights": matrix_of(operation)}
    if operation.thresholds is not None:
        tensors["thresholds"] = operation.thresholds
    return {
        "out_type": operation.out_type,
        "weight_type": weight_type(operation),
        "acc_type": accumulator_type(operation),
        "tensors": tensors,
    }


def _elements(operation: Operation) -> int:
    assert operation.window is not None
    return operation.window.kernel[0] * operation.window.kernel[1]
