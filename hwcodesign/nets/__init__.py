"""Network families, one module each, of the family's name. A new module in this folder is found by itself."""

import dataclasses
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple, Protocol, TypeVar, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from hwcodesign.core.errors import UserError, did_you_mean
from hwcodesign.core.strict_toml import as_tuples
from hwcodesign.dataflow import Shape
from hwcodesign.nets.network import Network

_NOT_FAMILIES = {"table", "network", "blocks", "build", "fake_quantize", "classifier"}


class NetworkFamily(Protocol):
    """The metaparameters of a network family: a frozen dataclass whose fields are a recipe's [network] keys."""

    def describe(self, input_shape: Shape, classes: int) -> Network:
        """The network that these metaparameters generate."""


class Standard(NamedTuple):
    """What a family's own paper shows: the title of its default network, its image and its number of classes.

    `shrunk_by`: the metaparameter that a smaller network has less of, "" if there is no single one.
    """

    title: str
    image: Shape
    classes: int
    shrunk_by: str = ""


_FAMILIES: dict[str, type[NetworkFamily]] = {}
_STANDARDS: dict[str, Standard] = {}
_F = TypeVar("_F", bound=type[NetworkFamily])


def family(
    name: str, title: str = "", image: Shape = (224, 224, 3), classes: int = 1000, shrunk_by: str = ""
) -> Callable[[_F], _F]:
    """Class decorator: registers a family's metaparameters under `name`, the recipe's `family` key."""

    def register(cls: _F) -> _F:
        _FAMILIES[name] = cls
        _STANDARDS[name] = Standard(title or name, image, classes, shrunk_by)
        return cls

    return register


@cache
def families() -> dict[str, type[NetworkFamily]]:
    """Every family by its name."""
    for module in pkgutil.iter_modules(__path__):
        if module.name not in _NOT_FAMILIES:
            importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(_FAMILIES.items()))


def standards() -> dict[str, Standard]:
    """What every family's own paper shows, by the family's name."""
    return {name: _STANDARDS[name] for name in families()}


def family_named(name: str) -> type[NetworkFamily]:
    """The family `name`, whose module alone is imported. Raises UserError with the nearest known name."""
    if name not in _FAMILIES and name in {module.name for module in pkgutil.iter_modules(__path__)}:
        importlib.import_module(f"{__name__}.{name}")
    if name not in _FAMILIES:
        raise UserError(f"there is no network family {name!r}: {did_you_mean(name, families())}")
    return _FAMILIES[name]


def metaparameters(name: str, values: Mapping[str, Any], where: str = "") -> NetworkFamily:
    """NetworkFamily `name` with the metaparameters `values`; `where` begins each message.

    Raises UserError for an unknown family or metaparameter, or one of the wrong type.
    """
    cls = family_named(name)
    known = [f.name for f in dataclasses.fields(cls)]  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise UserError(f"{where}unknown key 'network.{key}': {did_you_mean(key, known)}")
    checked, faults = {}, []
    for key, value in values.items():
        try:
            checked[key] = _types(cls)[key].validate_python(as_tuples(value), strict=True)
        except ValidationError as error:
            faults += [f"{'.'.join(map(str, (key, *e['loc'])))} = {e['input']!r}: {e['msg']}" for e in error.errors()]
    if faults:
        raise UserError("\n".join(f"{where}network.{fault}" for fault in faults))
    return cls(**checked)


@cache
def _types(cls: type[NetworkFamily]) -> Mapping[str, TypeAdapter[Any]]:
    """What checks the value of each metaparameter."""
    config = ConfigDict(allow_inf_nan=False)
    return {key: TypeAdapter(hint, config=config) for key, hint in get_type_hints(cls, include_extras=True).items()}
