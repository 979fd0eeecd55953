"""The recipe of somebody's float network: its layers one by one, and how the pixels that it takes come about."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import write_whole
from hwcodesign.core.strict_toml import read_toml, validated
from hwcodesign.nets.graph import layers_of
from hwcodesign.nets.network import INPUT, Conv, Node
from hwcodesign.quantize.float_graph import FloatNetwork
from hwcodesign.recipe import Recipe, with_keys
from hwcodesign.start.explained import written
from hwcodesign.start.first_recipe import dataset_in

_MARK = "# Made by hwcodesign"
_WHOLE = 1e-3  # of a pixel's 255 levels: what is nearer to a whole number is one, but for float32's rounding


def float_recipe(
    name: str, found: FloatNetwork, data_folder: Path | None, board: str, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """The tables of a recipe called `name`; `changes` by key, data.mean and data.divisor those of the file's pixels.

    A first convolution that pads gets a border of the colour that is 0 to it instead. Raises UserError if several read
    the pixels and pad them unlike, or if data.mean or data.divisor are no numbers.
    """
    given = dict(changes)
    try:
        mean, divisor = (np.asarray(given.pop(f"data.{key}", number), np.float64) for key, number in _PIXELS.items())
        means, divisors = mean + found.mean * divisor, found.divisor * divisor
    except (ValueError, TypeError):
        raise UserError("data.mean and data.divisor are one number each, or one for each channel") from None
    nodes, height, width = found.network.nodes, *found.network.input_shape[:2]
    dataset = dataset_in(data_folder) if data_folder else "folder"  # digits come without one, and only if asked for
    data: dict[str, Any] = {"dataset": dataset, "channels": found.network.input_shape[2]}
    data |= {"classes": found.network.classes, "mean": _numbers(means), "divisor": _numbers(divisors)}
    pads = {node.pad for node in found.network.convolutions if node.input == INPUT}
    if np.any(means) and pads != {0}:
        pad, *others = pads
        if others or not isinstance(pad, int):
            raise UserError("the pixels are padded unlike along rows and columns, or by several layers, and their "
                            "mean is not 0: give all sides the same padding")  # fmt: skip
        nodes, data["border"] = _without_padding(nodes), pad
    data["size"] = [side + 2 * data.get("border", 0) for side in (height, width)]
    tables = {"name": name, "network": {"family": "graph", "layers": layers_of(nodes)},
              "quantization": {"stored_scales": True}, "data": data, "hardware": {"board": board}}  # fmt: skip
    return with_keys(tables, given)


_PIXELS = {"mean": 0.0, "divisor": 255.0}  # of pixels from 0 to 1


def write_recipe(path: Path, tables: Mapping[str, Any], source: Path) -> None:
    """Write the recipe; one that was made before is replaced. Raises UserError if `path` is somebody's own file."""
    if path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(_MARK):
        raise UserError(f"{path} is there already, and was not made by this command: it stays as it is; move it away, "
                        "or give another --runs")  # fmt: skip
    validated(Recipe, dict(tables), str(path)).describe()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, f"{_MARK} of {source.name}, and made anew by the next command that does.\n{_toml(tables)}")


def rewrite_bits(path: Path, recipe: Recipe, source: Path) -> None:
    """Write the recipe at `path` once more, with the bits that `recipe` has come to."""
    bits = recipe.quantization.model_dump(exclude_defaults=True, exclude_none=True)
    write_recipe(path, read_toml(path) | {"quantization": bits}, source)


def _without_padding(nodes: Sequence[Node]) -> tuple[Node, ...]:
    return tuple(replace(n, pad=0) if isinstance(n, Conv) and n.input == INPUT else n for n in nodes)


def _numbers(values: np.ndarray) -> float | list[float]:
    """One number where all channels have the same."""
    whole = np.where(np.abs(values - np.rint(values)) < _WHOLE, np.rint(values), values)
    numbers = [float(f"{value:.9g}") for value in whole]
    return numbers[0] if len(set(numbers)) == 1 else numbers


def _toml(tables: Mapping[str, Any]) -> str:
    lines = [f"{key} = {written(value)}" for key, value in tables.items() if not isinstance(value, Mapping)]
    for table, values in tables.items():
        if isinstance(values, Mapping):
            lines.append(f"\n[{table}]")
            for key, value in values.items():
                several = isinstance(value, list) and value and isinstance(value[0], Mapping)
                items = "".join(f"    {written(item)},\n" for item in value) if several else ""
                lines.append(f"{key} = [\n{items}]" if several else f"{key} = {written(value)}")
    return "\n".join(lines) + "\n"
