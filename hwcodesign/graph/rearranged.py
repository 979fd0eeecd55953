"""What only moves channels and pixels about, as lowering makes it hardware: nothing, until a layer reads it.

However many such nodes follow each other, one gather then takes the channels in their order, and one pixel shuffle
makes blocks of pixels of them. Both are called after the layer that reads first.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import isqrt
from typing import NamedTuple

import numpy as np

from hwcodesign.dataflow import Attribute
from hwcodesign.graph.builder import Assembly
from hwcodesign.nets.network import Channels, Concat, Node, PixelShuffle


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
        self._names = Counter[str]()

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

    def put_off(self, join: Concat, channels: Sequence[int]) -> bool:
        """Whether `join` reads whole maps alone, of so many `channels` each: their order then comes behind it."""
        orders = [self._order(name, count) for name, count in zip(join.inputs, channels, strict=True)]
        whole = all(
            len(order) == 1 and np.array_equal(np.sort(order[0]), np.arange(count))
            for order, count in zip(orders, channels, strict=True)
        )
        if whole:
            starts = np.cumsum([0, *channels])
            moved = np.hstack([order + start for order, start in zip(orders, starts, strict=False)])
            self._orders[join.name] = _Order(join.name, moved)
        return whole

    def _order(self, name: str, channels: int) -> np.ndarray:
        return self._orders[name].channels if name in self._orders else np.arange(channels)[None]

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
                source = self._layer(f"{reader.name}.gather", "gather", source, {"channels": chosen})
            if factor > 1:
                source = self._layer(f"{reader.name}.shuffle", "depth_to_space", source, {"factors": (factor, factor)})
            self._made[key] = source
        return self._made[key]

    def _layer(self, name: str, kind: str, source: str, attributes: Mapping[str, Attribute]) -> str:
        """A layer of that name, with a number behind it where the same reader has one of that name before."""
        self._names[name] += 1
        unused = name if self._names[name] == 1 else f"{name}_{self._names[name]}"
        return self._assembly.layer(unused, kind, [source], attributes)
