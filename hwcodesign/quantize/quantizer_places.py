"""Where the quantizers of a float network stand, and which layers share one.

Every layer has one behind it but those that give the scores. What is added or concatenated shares one: layers that
nobody else reads take it for their own, whatever else comes in is quantized again by it (a `Requantize`): an average
always, whose step is its own. It is signed where something may be negative; ReLUs that end elsewhere share none.
"""

from collections import Counter
from dataclasses import replace
from math import inf

from hwcodesign.lower.problems import Problems
from hwcodesign.nets.network import (
    INPUT,
    Add,
    Concat,
    Conv,
    GlobalAvgPool,
    MaxPool,
    Moving,
    Network,
    Node,
    Requantize,
    Upsample,
    may_be_negative,
    of_pixels,
)


def placed(draft: Network, problems: Problems) -> tuple[Node, ...]:
    """The nodes of `draft` with their quantizers, and those that quantize again; what cannot be is noted."""
    return _Places(draft, problems).nodes()


class _Places:
    def __init__(self, draft: Network, problems: Problems) -> None:
        self.draft, self.problems = draft, problems
        self.by_name = {node.name: node for node in draft.nodes}
        self.read = Counter(name for node in draft.nodes for name in node.inputs)
        self.group: dict[str, str] = {}  # of a layer that ends in a quantizer: the layer that this one is called after
        self.signed: dict[str, bool] = {}
        self.ends: dict[str, float] = {}  # where its ReLU ends

    def nodes(self) -> tuple[Node, ...]:
        """In their order, once all that share are known."""
        found: list[Node] = []
        for node in self.draft.nodes:
            made = self._joined(node, found) if isinstance(node, Add | Concat) else node
            if isinstance(node, Conv | Add | Requantize):
                self.group[node.name] = node.name
                self.signed[node.name] = may_be_negative(node)
                self.ends[node.name] = node.most or inf
            found.append(made)
        scores = _scoring(self.draft)
        return tuple(node if node.name == scores else self._with_quantizer(node) for node in found)

    def _with_quantizer(self, node: Node) -> Node:
        if not isinstance(node, Conv | Requantize | Add):
            return node
        return replace(node, quantizer=f"{self._root(node.name)}.quantizer")

    def _joined(self, join: Add | Concat, found: list[Node]) -> Node:
        """The join, its inputs of one quantizer; what quantizes again is added to `found`."""
        if any(of_pixels(self.draft, name) for name in join.inputs):
            self.problems.add(join.name, "it joins the pixels themselves with something", "put a convolution between")
            return join
        makers = [self._makers(name) for name in join.inputs]
        signed = [self._may_be_negative(name) for name in join.inputs]
        ends = [{self.ends[name] for name in of} or {inf} for of in makers]
        end = max(set().union(*ends))
        alike = [n for n, of in enumerate(makers) if of and signed[n] == any(signed) and ends[n] == {end}]
        members = [number for number in alike if self._read_here_alone(join.inputs[number])] or alike[:1]
        sharing = [name for number in members for name in makers[number]]
        for other in sharing[1:]:
            self.group[self._root(other)] = self._root(sharing[0])
        inputs = list(join.inputs)
        for number in range(len(inputs)):
            if number not in members:
                again = Requantize(f"{join.name}.again{number}", inputs[number], "", relu=not any(signed))
                sharing.append(again.name)  # the first of all where no layer's own quantizer would do
                self.group[again.name] = again.name if sharing[0] == again.name else self._root(sharing[0])
                self.signed[again.name], self.ends[again.name] = any(signed), end
                self.by_name[again.name] = again
                found.append(again)
                inputs[number] = again.name
        if isinstance(join, Add):
            return replace(join, inputs=(inputs[0], inputs[1]))
        return Concat(join.name, tuple(inputs))

    def _may_be_negative(self, name: str) -> bool:
        node = self.by_name[name]
        return self.signed[name] if name in self.signed else any(self._may_be_negative(n) for n in node.inputs)

    def _makers(self, name: str) -> list[str]:
        """The layers whose quantizers end what node `name` gives; none for averages."""
        node = self.by_name.get(name)
        match node:
            case Conv() | Add() | Requantize():
                return [name]
            case MaxPool() | Concat() | Moving():
                return [maker for source in node.inputs for maker in self._makers(source)]
            case _:
                return []

    def _read_here_alone(self, name: str) -> bool:
        node = self.by_name[name]
        passes = isinstance(node, MaxPool | Concat | Moving)
        return self.read[name] == 1 and (not passes or all(self._read_here_alone(source) for source in node.inputs))

    def _root(self, name: str) -> str:
        while self.group[name] != name:
            name = self.group[name]
        return name


def _scoring(draft: Network) -> str:
    """The convolution that gives raw scores, by itself, through a global average or upsampled; "" if a ReLU ends it."""
    by_name = {node.name: node for node in draft.nodes}
    last = draft.nodes[-1]
    while isinstance(last, GlobalAvgPool | Upsample) and last.input != INPUT:
        last = by_name[last.input]
    return last.name if isinstance(last, Conv) and not last.relu else ""
