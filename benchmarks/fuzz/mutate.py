"""Ways to damage an input: its bytes, its tree of values, or the messages of a Protocol Buffer."""

import math
from random import Random
from typing import Any

INTEGERS = (
    *(0, 1, -1, 2, 3, 5, 7, 8, 9, 16, 63, 64, 100, 127, 128, 255, 256, 1000, 65_535, 65_536, 100_000),
    *(2**31 - 1, 2**31, -(2**31), 2**32, 10**13, 2**63 - 1, -(2**63)),
)
REALS = (0.0, -0.0, 0.5, 1.0, -1.0, 1e-9, 1e-45, 1e-300, 1e9, 1e18, 3.4e38, 1e300, math.inf, -math.inf, math.nan)
TEXTS = ("", "x", "../x", "/etc/passwd", "a b", "$(touch P)", "[red]", "ä\u0301", "\0", "nan", "2", "x" * 5000)


def damaged_bytes(data: bytes, random: Random) -> bytes:
    """`data` with one to eight places changed, cut out, doubled or filled."""
    found = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        at = random.randrange(len(found) + 1)
        length = random.choice((1, 1, 2, 4, 8, 64))
        match random.randrange(7):
            case 0 if found:
                found[at % len(found)] ^= 1 << random.randrange(8)
            case 1 if found:
                found[at % len(found)] = random.choice((0, 1, 127, 128, 255))
            case 2:
                found[at:at] = random.randbytes(length)
            case 3:
                del found[at : at + length]
            case 4:
                del found[at:]
            case 5:
                found[at:at] = found[at : at + 8 * length]
            case _:
                found[at : at + length] = bytes([random.choice((0, 255))]) * length
    return bytes(found)


def damaged_tree(tree: Any, random: Random) -> Any:
    """A tree of dicts, lists and values with one to three of its places changed, left out or doubled."""
    for _ in range(random.choice((1, 1, 2, 3))):
        tree = _at_one_place(tree, random)
    return tree


def _at_one_place(tree: Any, random: Random) -> Any:
    if isinstance(tree, dict) and tree and random.random() < 0.9:
        key = random.choice(list(tree))
        rest = {name: value for name, value in tree.items() if name != key}
        changed = ({}, {random.choice((key + "x", *TEXTS)): tree[key]}, {key: tree[key], key + "2": tree[key]})
        return rest | (random.choice(changed) if random.random() < 0.2 else {key: _at_one_place(tree[key], random)})
    if isinstance(tree, list) and tree and random.random() < 0.8:
        at = random.randrange(len(tree))
        changed_item = random.choice(([], tree[at : at + 1] * 2, [_at_one_place(tree[at], random)]))
        return [*tree[:at], *changed_item, *tree[at + 1 :]]
    return random.choice(
        (*INTEGERS, *REALS, *TEXTS, True, False, [], {}, [1, 2], [[]], {"x": 1}, _scaled(tree, random))
    )


def _scaled(value: Any, random: Random) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return type(value)(value * random.choice((2, 3, 1000, 0.5))) + random.choice((-1, 0, 1))


def damage_message(message: Any, random: Random) -> None:
    """Change one to four places of a Protocol Buffers message, in place; names are mostly put for other names."""
    names = sorted(_strings(message))
    for _ in range(random.choice((1, 1, 2, 4))):
        _at_one_field(message, random, names)


def _strings(message: Any) -> set[str]:
    found: set[str] = set()
    for field, value in message.ListFields():
        for item in value if field.label == field.LABEL_REPEATED else [value]:
            if field.type == field.TYPE_STRING:
                found.add(item)
            elif field.type == field.TYPE_MESSAGE:
                found |= _strings(item)
    return found


def _at_one_field(message: Any, random: Random, names: list[str]) -> None:
    present = [field for field, _ in message.ListFields()]
    if not present or random.random() < 0.05:
        present = list(message.DESCRIPTOR.fields)
    field = random.choice(present)
    if field.label == field.LABEL_REPEATED:
        _in_list(getattr(message, field.name), field, random, names)
    elif field.type == field.TYPE_MESSAGE and random.random() < 0.95:
        _at_one_field(getattr(message, field.name), random, names)
    elif random.random() < 0.2:
        message.ClearField(field.name)
    elif field.type != field.TYPE_MESSAGE:
        _put(lambda value: setattr(message, field.name, value), field, random, names, getattr(message, field.name))


def _in_list(items: Any, field: Any, random: Random, names: list[str]) -> None:
    at = random.randrange(len(items)) if items else 0
    is_message = field.type == field.TYPE_MESSAGE
    match random.randrange(10):
        case 0 if items:
            del items[at]
        case 1 if items:
            items.append(items[at])
        case 2 if items:
            kept = list(items)
            random.shuffle(kept)
            del items[:]
            items.extend(kept)
        case 3:
            if is_message:
                items.add()
            else:
                _put(items.append, field, random, names, None)
        case _ if items and is_message:
            _at_one_field(items[at], random, names)
        case _ if items:
            _put(lambda value: items.__setitem__(at, value), field, random, names, items[at])


def _put(put: Any, field: Any, random: Random, names: list[str], old: Any) -> None:
    if field.type == field.TYPE_STRING:
        value: Any = random.choice(names) if names and random.random() < 0.8 else random.choice(TEXTS)
    elif field.type == field.TYPE_BYTES:
        value = damaged_bytes(old or b"", random)
    elif field.type in (field.TYPE_FLOAT, field.TYPE_DOUBLE):
        value = random.choice(REALS)
    else:
        value = random.choice(INTEGERS)
    try:
        put(value)
    except (ValueError, TypeError):  # out of the field's range, or of its enumeration
        enumerators = [0, 1, 2, 3] if field.enum_type is None else [value.number for value in field.enum_type.values]
        put(random.choice(enumerators))
