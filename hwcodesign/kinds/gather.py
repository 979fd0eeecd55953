"""Some of the channels of a feature map, or all of them in another order: wires, and beats that are left out.

Attribute `channels`: for each channel of the output, which one of the input it is. A slice or a split is a rising run
of them, a channel shuffle all of them in another order. In blocks of `pe` channels it takes whole blocks, in the order
in which they come; what does not go so goes through one beat of all channels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.dataflow import Layer, Stream
from hwcodesign.kinds.kind import Folding, Kind, Logic, Memory, OnnxNode, divisors
from hwcodesign.kinds.motion import Motion, Pipeline
from hwcodesign.kinds.shared.per_input import packed


class Gather(Kind):
    """One beat in a cycle, of `pe` channels, and out of it those that are wanted."""

    name = "gather"
    takes_narrow = True
    leaves_early = True

    def output(self, layer: Layer) -> Stream:
        height, width, _ = layer.input.shape
        return replace(layer.input, shape=(height, width, len(layer.numbers("channels"))))

    def check(self, layer: Layer) -> None:
        chosen, channels = layer.numbers("channels"), layer.input.channels
        if not chosen or not 0 <= min(chosen) <= max(chosen) < channels:
            raise UserError(
                f"{layer.name}: it must take one of the channels 0 to {channels - 1}, or more, not {chosen}"
            )
        self.require_output(layer, "those channels are", bounds=True)

    def run(self, layer: Layer, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [np.ascontiguousarray(inputs[0][..., list(layer.numbers("channels"))])]

    def foldings(self, layer: Layer) -> list[Folding]:
        """Blocks that the choice leaves whole and in order, or all channels at once."""
        channels = layer.input.channels
        return [Folding(pe) for pe in divisors(channels) if pe == channels or _blocks(layer, pe) is not None]

    def lanes(self, layer: Layer, folding: Folding) -> tuple[int, int]:
        return folding.pe, folding.pe if self._in_blocks(layer, folding) else layer.output.channels

    def motion(self, layer: Layer, folding: Folding) -> Motion:
        return Pipeline(tuple((1, int(kept), 1) for kept in self._kept(layer, folding)))

    def latency(self, layer: Layer, folding: Folding) -> int:
        """From a beat in to the same beat out, so never later than this after a pixel's last."""
        return 1

    def memories(self, layer: Layer, folding: Folding) -> list[Memory]:
        return []

    def logic(self, layer: Layer, folding: Folding) -> Logic:
        """Flip-flops: a beat, a channel that comes several times stored once; whether it is valid; a counter.

        LUTs estimated: the handshake, and which beats stay, of a pixel's number of beats if that is no power of two.
        """
        lanes = folding.pe if self._in_blocks(layer, folding) else len(set(layer.numbers("channels")))
        kept = self._kept(layer, folding)
        beats = 1 if all(kept) else len(kept)  # a counter that changes nothing is left out
        count = (beats - 1).bit_length()
        choice = 0 if beats == 1 else 1 if beats == 1 << count else beats
        parts = {"handshake": 4, "choice": choice}
        return Logic(lut=4 + choice, ff=lanes * layer.input.type.bits + count + 1, parts=parts)

    def parameters(self, layer: Layer, folding: Folding) -> Mapping[str, int]:
        (in_lanes, out_lanes), kept = self.lanes(layer, folding), self._kept(layer, folding)
        wires = range(in_lanes) if self._in_blocks(layer, folding) else layer.numbers("channels")
        return {
            "BITS": layer.input.type.bits,
            "IN_LANES": in_lanes,
            "OUT_LANES": out_lanes,
            "BEATS": len(kept),
            "KEPT": packed([int(beat) for beat in kept]),
            "WIRES": packed(wires),
        }

    def in_onnx(self, layer: Layer) -> OnnxNode:
        return OnnxNode("Gather", {"axis": -1}, (np.array(layer.numbers("channels")),))

    def _in_blocks(self, layer: Layer, folding: Folding) -> bool:
        """Whether its beats leave as they come; a beat of all channels is wired anew."""
        return folding.pe < layer.input.channels

    def _kept(self, layer: Layer, folding: Folding) -> Sequence[bool]:
        """Of the beats of a pixel, those that leave."""
        kept = _blocks(layer, folding.pe) if self._in_blocks(layer, folding) else {0}
        assert kept is not None
        return [beat in kept for beat in range(layer.input.channels // folding.pe)]


def _blocks(layer: Layer, pe: int) -> set[int] | None:
    """The blocks of `pe` channels that the choice consists of, if it is of whole ones in rising order; else None."""
    chosen = layer.numbers("channels")
    blocks = [channel // pe for channel in chosen[::pe]]
    whole = [block * pe + lane for block in blocks for lane in range(pe)]
    return set(blocks) if whole == list(chosen) and blocks == sorted(set(blocks)) else None
