"""A quantization for a terminal."""

import io

from rich.console import Console

from hwcodesign.quantize.table import accuracy_table, table


def shown(made: object) -> str:
    screen = Console(file=io.StringIO(), width=120)
    screen.print(made)
    return screen.file.getvalue()  # type: ignore[attr-defined]


def test_every_layer_has_its_bits_and_its_error() -> None:
    text = shown(table({"conv1": {"error": 0.0123}, "fire2.squeeze": {"error": 0.5}}, {"conv1": 8, "fire2.squeeze": 4}))
    words = [line.split() for line in text.splitlines()]
    lines = {first: rest for first, *rest in words if first in ("conv1", "fire2.squeeze")}
    assert lines == {"conv1": ["8", "1.23", "%"], "fire2.squeeze": ["4", "50.00", "%"]}


def test_top_5_stands_only_where_it_was_measured() -> None:
    text = shown(accuracy_table({"float": {"top1": 0.5, "top5": 0.75}, "4 bits": {"top1": 0.25}}, 1234))
    assert "1,234 held-out images" in text and "75.00 %" in text
    assert next(line for line in text.splitlines() if "4 bits" in line).split() == ["4", "bits", "25.00", "%"]
