"""The language of what-ifs: `conv7.kernel=6, pad=2; classes=4000; remove=pool3`, from text to a changed network.

A change without a layer is one to the image, the classes or the family's metaparameters; the network is described
anew with it. A change to a layer is made to that description afterwards, in the order in which they stand.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any

from hwcodesign.analyze.subject import Subject
from hwcodesign.core.errors import UserError, did_you_mean
from hwcodesign.core.windows import Sides, both
from hwcodesign.nets import family_named
from hwcodesign.nets.classifier import refitted
from hwcodesign.nets.network import INPUT, Network, Node

GRAMMAR = """a what-if is a list of changes, separated by commas or semicolons:
  input.channels=12          input.size=454             input.size=128x64          classes=4000
  conv8.filters*=4           conv7.kernel=6,pad=2       fire2.squeeze.filters/=2   remove=pool3
  SR=0.5                     bypass=complex             filters=(64,128,256,384)   (the family's metaparameters)"""

_CHANGE = re.compile(r"([A-Za-z_][\w.]*)\s*(\*=|/=|=)\s*(.+)")
_SEPARATOR = re.compile(r"[,;](?![^(]*\))")
_IMAGE_KEYS = ("input.size", "input.height", "input.width", "input.channels")


@dataclass(frozen=True)
class Edit:
    """One change: `layer` ("" for none) and `key`, an operator (=, *=, /=) and the value as text."""

    layer: str
    key: str
    operator: str
    value: str

    @property
    def path(self) -> str:
        return f"{self.layer}.{self.key}" if self.layer else self.key

    def __str__(self) -> str:
        return f"{self.path}{self.operator}{self.value}"


def parse(text: str) -> tuple[Edit, ...]:
    """The changes that `text` lists. Raises UserError that shows the grammar by example."""
    edits = []
    for piece in _SEPARATOR.split(text):
        match = _CHANGE.fullmatch(piece.strip())
        if match is None:
            raise UserError(f"--what-if: cannot read {piece.strip()!r}; {GRAMMAR}")
        layer, _, key = match[1].rpartition(".")
        edits.append(Edit(layer, key, match[2], match[3].strip()))
    return tuple(edits)


def apply(subject: Subject, edits: Iterable[Edit]) -> tuple[Subject, Network]:
    """The changed subject and its network.

    Raises UserError for an unknown layer or key (with the nearest), a value that is not a whole number of at least 1
    where one is needed, and a layer that no longer fits its input.
    """
    by_layer: list[Edit] = []
    known = {node.name: node for node in subject.network().nodes}
    for edit in edits:
        previous = known.get(by_layer[-1].layer) if by_layer else None
        if not edit.layer and previous is not None and edit.key in _attributes(previous):
            by_layer.append(replace(edit, layer=previous.name))  # conv7.kernel=6,pad=2
        elif edit.layer not in ("", INPUT) or edit.key == "remove":
            by_layer.append(edit)
        else:
            subject = _changed_subject(subject, edit)
    return subject, _edited(subject.network(), by_layer)


def _changed_subject(subject: Subject, edit: Edit) -> Subject:
    height, width, channels = subject.image
    known = [field.name for field in fields(family_named(subject.family))]  # type: ignore[arg-type]
    match edit.path:
        case "classes":
            return replace(subject, classes=_count(edit, subject.classes))
        case "input.channels":
            return replace(subject, image=(height, width, _count(edit, channels)))
        case "input.height":
            return replace(subject, image=(_count(edit, height), width, channels))
        case "input.width":
            return replace(subject, image=(height, _count(edit, width), channels))
        case "input.size":
            return replace(subject, image=(*_size(edit, height, width), channels))
        case key if key in known:
            value = _metaparameter(subject, edit)
            return replace(subject, metaparameters={**subject.metaparameters, key: value})
    allowed = ("classes", "remove", *_IMAGE_KEYS, *known)
    raise UserError(f"--what-if: there is no {edit.path!r} to change in {subject.title}: "
                    f"{did_you_mean(edit.path, allowed)}")  # fmt: skip


def _size(edit: Edit, height: int, width: int, least: int = 1) -> tuple[int, int]:
    """454 is a square of 454x454; 128x64 is height x width; *= and /= scale both."""
    sides = edit.value.lower().split("x")
    tall, wide = (replace(edit, value=side) for side in (sides if len(sides) == 2 else 2 * [edit.value]))
    return _count(tall, height, least), _count(wide, width, least)


def _metaparameter(subject: Subject, edit: Edit) -> Any:
    if edit.operator == "=":
        return _value(edit.value)
    default = getattr(family_named(subject.family)(), edit.key)
    old = subject.metaparameters.get(edit.key, default)
    if isinstance(old, bool) or not isinstance(old, int | float):
        raise UserError(f"--what-if: {edit}: {edit.key} = {old!r} is not a number that could be scaled; use =")
    result = _scaled(edit, Fraction(repr(old)))
    return int(result) if result.denominator == 1 and isinstance(old, int) else float(result)


def _value(text: str) -> Any:
    """(1, 2) is a tuple; otherwise a number if it looks like one, else text."""
    if text[0] in "([" and text[-1] in ")]":
        return tuple(_value(part.strip()) for part in text[1:-1].split(",") if part.strip())
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def _count(edit: Edit, old: int, least: int = 1) -> int:
    """The whole number that the edit makes of `old`."""
    result = _scaled(edit, Fraction(old))
    if result.denominator != 1 or result < least:
        raise UserError(f"--what-if: {edit} makes {edit.path} {float(result):g}; it must be a whole number of at least "
                        f"{least}, and the nearest is {max(least, round(result))}")  # fmt: skip
    return int(result)


def _scaled(edit: Edit, old: Fraction) -> Fraction:
    try:
        value = Fraction(edit.value)
        return {"=": lambda: value, "*=": lambda: old * value, "/=": lambda: old / value}[edit.operator]()
    except (ValueError, ZeroDivisionError):
        raise UserError(f"--what-if: {edit}: {edit.value!r} is no number that can be used here; {GRAMMAR}") from None


def _edited(network: Network, edits: Iterable[Edit]) -> Network:
    """The network after changes to its layers. What covered its whole input before still does."""
    original, kernels = network, set()
    for edit in edits:
        if edit.key == "remove":
            network = _without(network, edit)
        else:
            network = _with_attribute(network, edit)
            kernels |= {edit.layer} if edit.key == "kernel" else set()
    return refitted(original, network, but=kernels)


def _attributes(node: Node) -> list[str]:
    """The numbers of a layer that can be changed."""
    return [field.name for field in fields(node) if field.type in (int, Sides)]


def _with_attribute(network: Network, edit: Edit) -> Network:
    node = _node(network, edit.layer)
    if edit.key not in _attributes(node):
        allowed = did_you_mean(edit.key, [*_attributes(node)]) if _attributes(node) else "it has none; try remove="
        raise UserError(f"--what-if: {edit.layer} has no {edit.key!r} to change: {allowed}")
    old, least = getattr(node, edit.key), 0 if edit.key == "pad" else 1
    wide = isinstance(old, tuple) or "x" in edit.value.lower()
    value = _size(edit, *both(old), least) if wide else _count(edit, old, least)
    changed = replace(node, **{edit.key: value})  # type: ignore[arg-type]
    return replace(network, nodes=tuple(changed if n is node else n for n in network.nodes))


def _without(network: Network, edit: Edit) -> Network:
    if edit.layer or edit.operator != "=":
        raise UserError(f"--what-if: cannot read '{edit}'; {GRAMMAR}")
    removed = _node(network, edit.value)
    if len(removed.inputs) != 1:
        raise UserError(f"--what-if: remove={removed.name}: it joins {' and '.join(removed.inputs)}, and without it "
                        f"nothing says which one goes on; remove a layer with one input")  # fmt: skip
    if len(network.nodes) == 1:
        raise UserError(f"--what-if: remove={removed.name}: it is the only layer")
    kept = (node for node in network.nodes if node is not removed)
    return replace(network, nodes=tuple(_reading(node, removed.name, removed.inputs[0]) for node in kept))


def _reading(node: Node, old: str, new: str) -> Node:
    """`node`, with `new` in place of its input `old`."""
    if old not in node.inputs:
        return node
    if hasattr(node, "input"):
        return replace(node, input=new)  # type: ignore[arg-type]
    return replace(node, inputs=tuple(new if name == old else name for name in node.inputs))  # type: ignore[arg-type]


def _node(network: Network, name: str) -> Node:
    nodes = {node.name: node for node in network.nodes}
    if name not in nodes:
        raise UserError(f"--what-if: {network.name} has no layer {name!r}: {did_you_mean(name, nodes)}")
    return nodes[name]
