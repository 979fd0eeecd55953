"""label_select for scores whose scale or bias differs from class to class: their keys decide, not they themselves.

Attributes: `top`: how many indices, 1 to 8, best first; `factors` and `offsets` of the classes: class c's key is
factors[c] * score + offsets[c] (`hwcodesign.kinds.shared.score_keys`); `key_bits`: a signed integer that holds every
key. What comes out are the scores, unchanged, and then the indices of the highest keys, of equal ones the lower first.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.core.integers import MOST_BITS
from hwcodesign.dataflow import Layer
from hwcodesign.kinds.kind import Folding, Logic, Memory, MemoryImage
from hwcodesign.kinds.label_select import LabelSelect, with_best

_STAGES = 3  # the class's numbers, the product, the key


class AffineLabelSelect(LabelSelect):
    """One score or index a cycle."""

    name = "affine_label_select"
    finn_operators = ()
    cells = ("lut_multiplier", "ranking", "rom", "rom_bank")

    def check(self, layer: Layer) -> None:
        super().check(layer)
        classes, found = layer.input.channels, [len(layer.numbers(name)) for name in ("factors", "offsets")]
        if found != [classes, classes]:
            raise UserError(f"{layer.name}: {classes} classes take as many factors and offsets, not {found}")

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        scores, wide = inputs[0], layer.number("key_bits") > MOST_BITS
        factors, offsets = (np.array(layer.numbers(name), dtype=object) for name in ("factors", "offsets"))
        keys = scores.astype(object) * factors + offsets
        return [with_best(scores, keys if wide else keys.astype(np.int64), layer.number("top"))]

    def latency(self, layer: Layer, folding: Folding) -> int:
        """From a score in to the same score out, so never later than this after the last score."""
        return _STAGES + 1

    def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
        return [Memory("classes", layer.input.channels, sum(_widths(layer)))]

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        """Estimate: as label_select with keys for scores; the multiplier of digits of two bits, and its adder."""
        score_bits, key_bits, top = layer.output.type.bits, layer.number("key_bits"), layer.number("top")
        factor_bits, offset_bits = _widths(layer)
        index_bits = (layer.output.channels - 1).bit_length()
        place, product_bits = key_bits + index_bits, factor_bits + score_bits
        multiplier = -(-score_bits // 2) * factor_bits * 2
        stages = _STAGES * (score_bits + index_bits + 1) + product_bits + offset_bits + key_bits
        return Logic(
            lut=top * (key_bits // 2 + place) + key_bits + multiplier + score_bits + 2 * index_bits,
            ff=top * place + stages + score_bits + index_bits + 1,
        )

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        factor_bits, offset_bits = _widths(layer)
        return {
            **super().parameters(layer, folding),
            "FACTOR_BITS": factor_bits,
            "OFFSET_BITS": offset_bits,
            "KEY_BITS": layer.number("key_bits"),
        }

    def images(self, layer: Layer, folding: Folding) -> Mapping[str, MemoryImage]:
        """A word holds a class's factor, and above it its offset."""
        factor_bits, offset_bits = _widths(layer)
        words = [
            (offset & (1 << offset_bits) - 1) << factor_bits | factor & (1 << factor_bits) - 1
            for factor, offset in zip(layer.numbers("factors"), layer.numbers("offsets"), strict=True)
        ]
        return {"classes": MemoryImage(words, factor_bits + offset_bits)}


def _widths(layer: Layer) -> tuple[int, int]:
    """Bits of a signed factor and of a signed offset."""
    factors, offsets = (
        max((n if n >= 0 else -n - 1).bit_length() for n in layer.numbers(name)) for name in ("factors", "offsets")
    )
    return factors + 1, offsets + 1
