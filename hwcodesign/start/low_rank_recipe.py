"""A recipe's network with layers of low rank, as a recipe and a file of weights of its own."""

from collections.abc import Mapping
from pathlib import Path

from hwcodesign.export import state_dict
from hwcodesign.export.float_weights import Weights
from hwcodesign.nets.graph import layers_of
from hwcodesign.quantize.low_rank import LowRank, as_two
from hwcodesign.recipe import Recipe
from hwcodesign.start.float_recipe import write_recipe


def write_low_rank(
    out: Path, recipe: Recipe, weights: Mapping[str, Weights], layers: Mapping[str, LowRank], ranks: Mapping[str, int]
) -> Path:
    """Write `out`, a safetensors file, and the recipe beside it that it goes with; returns the recipe's path.

    Raises UserError if either cannot be written, or if the network has layers that no recipe of single layers knows.
    """
    network = recipe.describe()
    nodes, made = as_two(network, weights, layers, ranks)
    tables = recipe.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    tables |= {"name": out.stem, "network": {"family": "graph", "layers": layers_of(nodes)}}
    path = out.with_suffix(".toml")
    write_recipe(path, tables, out)
    state_dict.write(out, made)
    return path
