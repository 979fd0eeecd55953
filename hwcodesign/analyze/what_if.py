"""What a change to a network costs: every layer before and after, and whether the change stays local."""

from dataclasses import dataclass, fields
from typing import Any, Literal

from hwcodesign.analyze.costs import Costs, LayerCost, costs
from hwcodesign.analyze.edit import apply, parse
from hwcodesign.analyze.subject import Subject
from hwcodesign.nets.network import INPUT, Conv, Network, Node


@dataclass(frozen=True)
class WhatIf:
    """The costs before and after.

    The verdict is that of the dissertation's chapter 4: a change is local if no layer beyond the changed ones and
    those next to them gets other dimensions, otherwise global. Pools, concatenations and adds hand a change of their
    input on, so the layer "next" to a change is the next one with parameters. `beyond` names the layers that make a
    change global.
    """

    before: Costs
    after: Costs
    beyond: tuple[str, ...]

    @property
    def verdict(self) -> Literal["local", "global"]:
        return "global" if self.beyond else "local"

    @property
    def pairs(self) -> tuple[tuple[LayerCost | None, LayerCost | None], ...]:
        """Every layer before and after; None where a layer was not there or is gone."""
        old = {layer.name: layer for layer in self.before.layers}
        new = {layer.name: layer for layer in self.after.layers}
        gone = tuple((layer, None) for layer in self.before.layers if layer.name not in new)
        return (*((old.get(name), layer) for name, layer in new.items()), *gone)


def what_if(subject: Subject, text: str) -> WhatIf:
    """What the changes in `text` do to `subject`. Raises UserError as `edit.parse` and `edit.apply` do."""
    changed_subject, changed = apply(subject, parse(text))
    original = subject.network()
    before = costs(original, subject.quantization, subject.title)
    after = costs(changed, changed_subject.quantization, f"{subject.title}, {text}")
    return WhatIf(before, after, _beyond(original, changed))


def _beyond(before: Network, after: Network) -> tuple[str, ...]:
    """The layers whose dimensions change although they are neither changed themselves nor next to a changed one."""
    edited = _edited(before, after)
    near = edited | _next_to(before, edited) | _next_to(after, edited)
    old = {node.name: _dimensions(before, node) for node in before.nodes}
    return tuple(
        node.name for node in after.nodes if node.name not in near and old.get(node.name) != _dimensions(after, node)
    )


def _edited(before: Network, after: Network) -> set[str]:
    """The layers that are new, gone, or have other numbers of their own; INPUT if the image is another one."""
    old = {node.name: _own(node) for node in before.nodes}
    new = {node.name: _own(node) for node in after.nodes}
    edited = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    return edited | ({INPUT} if before.input_shape != after.input_shape else set())


def _own(node: Node) -> dict[str, Any]:
    """A node's numbers, without what it is connected to."""
    return {f.name: getattr(node, f.name) for f in fields(node) if f.name not in ("input", "inputs", "quantizer")}


def _dimensions(network: Network, node: Node) -> tuple[Any, ...]:
    weights = network.weights(node) if isinstance(node, Conv) else 0
    return network.shapes[node.name], weights, tuple(network.shapes[name] for name in node.inputs)


def _next_to(network: Network, names: set[str]) -> set[str]:
    """The layers that read `names`, through layers without parameters up to the next ones with."""
    reached, passing = set(), set(names)
    for node in network.nodes:
        if passing.intersection(node.inputs):
            reached.add(node.name)
            if not isinstance(node, Conv):
                passing.add(node.name)
    return reached
