"""Nearest-neighbour upsampling: every pixel comes several times, along the row and row by row.

Attribute `factors`: how many rows and how many columns become of one. A memory keeps the row that comes again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory, OnnxNode, Storage
from hwcodesign.kinds.motion import Motion, Pipeline


class Upsample(Kind):
    """One beat of `pe` channels out a cycle."""

    name = "upsample"
    takes_narrow = True
    finn_operators = ("UpsampleNearestNeighbour",)
    cells = ("ram", "ram_bank")

    def output(self, layer: Layer) -> Stream:
        (height, width, channels), (rows, columns) = layer.input.shape, layer.numbers("factors")
        return replace(layer.input, shape=(height * rows, width * columns, channels))

    def check(self, layer: Layer) -> None:
        factors = layer.numbers("factors")
        if len(factors) != 2 or min(factors) < 1 or max(factors) < 2:
            raise UserError(f"{layer.name}: a map grows by two whole factors of 1 or more, one above 1, not {factors}")
        self.require_output(layer, "the larger map is", bounds=True)

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        rows, columns = layer.numbers("factors")
        return [inputs[0].repeat(rows, axis=1).repeat(columns, axis=2)]

    def cycles(self, layer: Layer, folding: Folding) -> int:
        return layer.output.elements // folding.pe

    def motion(self, layer: Layer, folding: Folding) -> Motion:
        """A round is one row of the input: each pixel comes in with its first copy; the row's copies take none."""
        rows, columns = layer.numbers("factors")
        beats, width = layer.input.channels // folding.pe, layer.input.shape[1]
        pixel = ((1, 1, beats), *(((0, 1, beats * (columns - 1)),) if columns > 1 else ()))
        again = ((0, 1, (rows - 1) * width * columns * beats),) if rows > 1 else ()
        return Pipeline(pixel * width + again)

    def latency(self, layer: Layer, folding: Folding) -> int:
        return 1

    def needs(self, layer: Layer, port: int) -> np.ndarray:
        rows, columns = layer.numbers("factors")
        height, width, _ = layer.input.shape
        pixels = np.arange(height * width).reshape(height, width).repeat(rows, axis=0).repeat(columns, axis=1)
        return np.maximum.accumulate(pixels.ravel())

    def working(self, layer: Layer, folding: Folding) -> tuple[str, ...]:
        """Copies take no input."""
        return ("step",)

    def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
        words = layer.input.shape[1] * (layer.input.channels // folding.pe)
        return [Memory("row", words, folding.pe * layer.input.type.bits, writable=True)]

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        """Flip-flops as declared. LUTs estimated: what chooses the output, counters and comparators, and the way back.

        A copy begins with its pixel's first beat again, which takes an adder where a row has several of several.
        """
        width, beats = folding.pe * layer.input.type.bits, layer.input.channels // folding.pe
        columns = layer.input.shape[1]
        sizes = (beats, *layer.numbers("factors"), beats * columns)
        counters = [max(1, (size - 1).bit_length()) for size in sizes]
        back = 3 * counters[-1] if beats > 1 and columns > 1 else 0
        parts = {"output": width, "loops": 3 * sum(counters) + 6, "back": back}
        return Logic(lut=sum(parts.values()), ff=width + sum(counters) + 2, parts=parts)

    def finn_attributes(self, layer: Layer, folding: Folding, storage: Mapping[str, Storage]) -> dict[str, int | str]:
        return {"SIMD": folding.pe}

    def in_onnx(self, layer: Layer) -> OnnxNode:
        scales = np.array([1, *layer.numbers("factors"), 1], dtype=np.float32)
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return OnnxNode("Resize", how, (np.zeros(0, dtype=np.float32), scales))

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        rows, columns = layer.numbers("factors")
        return {
            "WIDTH": folding.pe * layer.input.type.bits,
            "BEATS": layer.input.channels // folding.pe,
            "COLUMNS": layer.input.shape[1],
            "FACTOR_H": rows,
            "FACTOR_W": columns,
        }
