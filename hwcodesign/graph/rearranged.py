"""What only moves channels and pixels about, as lowering makes it hardware: nothing, until a layer reads it.

However many such nodes follow each other, one gather then takes the channels in their order, and one pixel shuffle
makes blocks of pixels of them. Both are called after the layer that reads first.
"""

from math import isqrt
from typing import NamedTuple

import numpy as np

from hwcodesign.graph.builder import Assembly
from hwcodesign.nets.network import Channels, Node, PixelShuffle


class _Order(NamedTuple):
    """Each pixel of the map that `node` gives is a block; `channels` (pixels of the block, channels) are the map's."""

    node: str
    channels: np.ndarray


class Rearrangements:
    """Those of a network whose layers are put into `assembly` one by one."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._orders: dict[str, _Order] = {}
        self._made: dict[tuple[str, bytes], str] = {}

    def note(self, node: Channels | PixelShuffle, channels: int) -> None:
        """`node` reads so many `channels`."""
        name, order = self._orders.get(node.input) or _Order(node.input, np.arange(channels)[None])
        if isinstance(node, Channels):
            moved = order[:, list(node.picked)]
        else:
            before, factor = isqrt(len(order)), node.factor
            blocks = order.reshape(before, before, -1, factor, factor).transpose(0, 3, 1, 4, 2)
            moved = blocks.reshape((before * factor) ** 2, -1)
        self._orders[node.name] = _Order(name, moved)

    def beneath(self, name: str) -> str:
        """The node whose map the node `name` rearranges; itself if it does not."""
        return self._orders[name].node if name in self._orders else name

    def keep(self, node: Node, source: str) -> None:
        """`node` computes element by element: what `source` rearranges is rearranged behind it instead."""
        if source in self._orders:
            self._orders[node.name] = self._orders[source]._replace(node=node.name)

    def layer(self, name: str, source: str, reader: Node) -> str:
        """The layer that gives what node `name` does, where `source` gives what is `beneath` it, for `reader`."""
        if name not in self._orders:
            return source
        order = self._orders[name].channels
        key = source, order.tobytes()
        if key not in self._made:
            chosen, factor = tuple(order.ravel().tolist()), isqrt(len(order))
            if chosen != tuple(range(self._assembly.stream(source).channels)):
                source = self._assembly.layer(f"{reader.name}.gather", "gather", [source], {"channels": chosen})
            if factor > 1:
                factors = {"factors": (factor, factor)}
                source = self._assembly.layer(f"{reader.name}.shuffle", "depth_to_space", [source], factors)
            self._made[key] = source
        return self._made[key]
