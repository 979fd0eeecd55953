"""Network families, one module each. A new module in this folder is found by itself."""

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Protocol, TypeVar

from hwcodesign.dataflow import Shape
from hwcodesign.errors import UserError, did_you_mean
from hwcodesign.nets.network import Network

_NOT_FAMILIES = {"network", "blocks", "build"}


class Family(Protocol):
    """The metaparameters of a network family: a frozen dataclass whose fields are a recipe's [network] keys."""

    def describe(self, input_shape: Shape, classes: int) -> Network:
        """The network that these metaparameters generate."""


_FAMILIES: dict[str, type[Family]] = {}
_F = TypeVar("_F", bound=type[Family])


def family(name: str) -> Callable[[_F], _F]:
    """Class decorator: registers a family's metaparameters under `name`, the recipe's `family` key."""

    def register(cls: _F) -> _F:
        _FAMILIES[name] = cls
        return cls

    return register


@cache
def families() -> dict[str, type[Family]]:
    """Every family by its name."""
    for module in pkgutil.iter_modules(__path__):
        if module.name not in _NOT_FAMILIES:
            importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(_FAMILIES.items()))


def family_named(name: str) -> type[Family]:
    """The family `name`. Raises UserError with the nearest known name."""
    if name not in families():
        raise UserError(f"there is no network family {name!r}: {did_you_mean(name, families())}")
    return families()[name]
