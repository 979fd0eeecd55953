"""Random networks of every kind of node that families have, for what must hold of all."""

import numpy as np

from hwcodesign.core.windows import Pair
from hwcodesign.nets.network import (
    INPUT,
    Add,
    AvgPool,
    Channels,
    Concat,
    Conv,
    GlobalAvgPool,
    MaxPool,
    Network,
    Node,
    PixelShuffle,
    Quantization,
    Requantize,
    Upsample,
)

CLASSES = 3


def random_network(seed: int) -> tuple[Network, Quantization]:
    """The network of a seed, on images of up to 11x11 pixels, and its bits."""
    made = _Made(np.random.default_rng(seed))
    for _ in range(made.number(3, 7)):
        made.one_more()
    return made.ended(), Quantization(made.number(2, 8), made.number(2, 6))


class _Made:
    """The nodes so far. `signed` of each: whether it may give numbers below 0."""

    def __init__(self, random: np.random.Generator) -> None:
        self.random = random
        self.image = self.number(6, 11), self.number(6, 11), self.number(1, 3)
        self.nodes: list[Node] = []
        self.signed: dict[str, bool] = {INPUT: False}

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return int(self.random.integers(low, high + 1))

    def one_more(self) -> None:
        """A layer, or a join of two branches, behind one of the last three."""
        name, source = f"l{len(self.nodes)}", str(self.random.choice(list(self.signed)[-3:]))
        kinds = [self.conv, self.conv, self.conv, self.depthwise, self.average, self.average, self.maximum]
        if source != INPUT:
            kinds += [self.upsample, self.channels, self.pixel_shuffle]
        if source != INPUT and not self.signed[source]:
            kinds += [self.again, self.concat, self.add, self.parts]
        kinds[self.number(0, len(kinds) - 1)](name, source)

    def ended(self) -> Network:
        """With scores behind the last node, and without what nobody reads."""
        last = list(self.signed)[-1]
        if self.number(0, 1):
            self.nodes += [GlobalAvgPool("mean", last), Conv("scores", "mean", CLASSES)]
        else:
            self.nodes.append(Conv("scores", last, CLASSES, self.shape(last)[:2]))
        wanted, kept = {"scores"}, list[Node]()
        for node in reversed(self.nodes):
            if node.name in wanted:
                wanted.update(node.inputs)
                kept.append(node)
        return Network("random", self.image, CLASSES, tuple(reversed(kept)))

    def shape(self, name: str) -> tuple[int, int, int]:
        return Network("", self.image, 0, tuple(self.nodes)).shapes[name]

    def push(self, node: Node, signed: bool) -> None:
        self.nodes.append(node)
        self.signed[node.name] = signed

    def window(self, source: str) -> tuple[Pair, int, int]:
        """Kernel, stride and padding that fit."""
        rows, columns, _ = self.shape(source)
        kernel = self.number(1, min(rows, 3)), self.number(1, min(columns, 3))
        return kernel, self.number(1, 2), self.number(0, min(kernel) // 2)

    def conv(self, name: str, source: str) -> None:
        self.convolve(name, source, self.number(1, 5), 1)

    def depthwise(self, name: str, source: str) -> None:
        channels = self.shape(source)[2]
        self.convolve(name, source, channels * self.number(1, 2), channels)

    def convolve(self, name: str, source: str, filters: int, groups: int) -> None:
        relu, window = bool(self.number(0, 2)), self.window(source)
        rows, columns = (
            max((n - 1) // max(k - 1, 1), 1) for n, k in zip(self.shape(source)[:2], window[0], strict=True)
        )
        dilation = self.number(1, min(2, rows)), self.number(1, min(3, columns))
        leak = float(self.random.choice([0.0, 0.0, 0.1])) if relu else 0.0
        made = Conv(name, source, filters, *window, groups, f"{name}.q", relu, leak=leak, dilation=dilation)
        self.push(made, not relu or leak > 0)

    def average(self, name: str, source: str) -> None:
        self.push(AvgPool(name, source, *self.window(source)), self.signed[source])

    def maximum(self, name: str, source: str) -> None:
        self.push(MaxPool(name, source, *self.window(source), ceil=bool(self.number(0, 1))), self.signed[source])

    def upsample(self, name: str, source: str) -> None:
        """Of maps that are small enough."""
        rows, columns, _ = self.shape(source)
        factor = 1 + (rows <= 6) * self.number(0, 1), 1 + (columns <= 6) * self.number(0, 2)
        self.push(Upsample(name, source, factor), self.signed[source])

    def channels(self, name: str, source: str) -> None:
        """Some, or all in another order."""
        order = self.random.permutation(self.shape(source)[2])
        picked = tuple(order[: self.number(1, len(order))].tolist())
        self.push(Channels(name, source, picked), self.signed[source])

    def pixel_shuffle(self, name: str, source: str) -> None:
        """Behind a convolution that gives the channels."""
        if max(self.shape(source)[:2]) > 6:
            return self.channels(name, source)
        self.push(Conv(f"{name}.grown", source, 4 * self.number(1, 3), quantizer=f"{name}.q"), False)
        self.push(PixelShuffle(name, f"{name}.grown", 2), False)
        return None

    def parts(self, name: str, source: str) -> None:
        """Two different parts of one map, quantized by one quantizer, then joined or added."""
        count = self.shape(source)[2]
        if count == 1:
            return self.again(name, source)
        order, size, ends = self.random.permutation(count).tolist(), self.number(1, count), []
        for side, turn in (("left", 0), ("right", self.number(1, count - 1))):
            picked = tuple((order[turn:] + order[:turn])[:size])
            self.push(Channels(f"{name}.{side}", source, picked), False)
            self.push(Requantize(f"{name}.{side}.again", f"{name}.{side}", f"{name}.q"), False)
            ends.append(f"{name}.{side}.again")
        if self.number(0, 1):
            self.push(Concat(name, (ends[0], ends[1])), False)
        else:
            self.push(Add(name, (ends[0], ends[1]), f"{name}.after"), False)
        return None

    def again(self, name: str, source: str) -> None:
        self.push(Requantize(name, source, f"{name}.q"), False)

    def concat(self, name: str, source: str) -> None:
        self.push(Conv(f"{name}.grown", source, self.number(1, 4), quantizer=f"{name}.q"), False)
        self.push(Requantize(f"{name}.again", source, f"{name}.q"), False)
        self.push(Concat(name, (f"{name}.again", f"{name}.grown")), False)

    def add(self, name: str, source: str) -> None:
        self.push(Conv(f"{name}.left", source, self.shape(source)[2], quantizer=f"{name}.q", relu=False), True)
        self.push(Requantize(f"{name}.right", source, f"{name}.q"), True)
        relu = bool(self.number(0, 1))
        self.push(Add(name, (f"{name}.left", f"{name}.right"), f"{name}.after", relu), not relu)
