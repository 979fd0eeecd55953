"""What is analysed: a family's network as its paper shows it, or a recipe's."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hwcodesign.analyze.costs import FLOAT_BITS
from hwcodesign.core.errors import UserError, did_you_mean
from hwcodesign.dataflow import Shape
from hwcodesign.nets import metaparameters, standards
from hwcodesign.nets.network import Network, Quantization
from hwcodesign.recipe import find_recipe, load_recipe


@dataclass(frozen=True)
class Subject:
    """A network still as metaparameters, so that a what-if can change them; the last three are a recipe's."""

    title: str
    family: str
    metaparameters: Mapping[str, Any]
    image: Shape
    classes: int
    quantization: Quantization | None = None
    board: str | None = None
    recipe: str | None = None

    def network(self) -> Network:
        """The network's description. Raises UserError for metaparameters or an image that give none."""
        described = metaparameters(self.family, self.metaparameters).describe(self.image, self.classes)
        assert described.shapes
        return described

    def at_precision(self, weight_bits: int | None, activation_bits: int | None) -> "Subject":
        """The same with other bits of weights (in every layer) or activations; None leaves them."""
        if weight_bits is None and activation_bits is None:
            return self
        old = self.quantization or Quantization(FLOAT_BITS, FLOAT_BITS)
        weights = old if weight_bits is None else Quantization(weight_bits)
        return replace(self, quantization=replace(weights, activation_bits=activation_bits or old.activation_bits))


def find_subject(name: str) -> Subject:
    """The network family (VGG-19, squeezenet) or recipe `name`. Raises UserError with the nearest name."""
    for family, standard in standards().items():
        if _plain(name) in (_plain(family), _plain(standard.title)):
            return Subject(standard.title, family, {}, standard.image, standard.classes)
    try:
        path = find_recipe(name)
    except UserError:
        raise UserError(f"there is no network or recipe {name!r}: {did_you_mean(name, _known_names())}") from None
    return _from_recipe(str(path))


def _from_recipe(path: str) -> Subject:
    recipe = load_recipe(path)
    recipe.describe()
    values = {key: value for key, value in recipe.network.items() if key != "family"}
    return Subject(recipe.name, recipe.network["family"], values, recipe.data.image, recipe.outputs,
                   recipe.quantization.to_quantization(), recipe.hardware.board, recipe.name)  # fmt: skip


def _known_names() -> list[str]:
    from hwcodesign.core.assets import asset_folder

    return [*standards(), *(path.stem for path in asset_folder("models").glob("*.toml"))]


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())
