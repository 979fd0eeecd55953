"""Every key of a recipe in one table: its value, where that comes from, and its meaning."""

import inspect
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from pydantic import BaseModel

from hwcodesign.core.errors import UserError
from hwcodesign.nets import family_named, metaparameters
from hwcodesign.recipe import Recipe

if TYPE_CHECKING:
    from rich.console import Group

GIVEN, CHANGED, DEFAULT = "the recipe", "--set", "default"


class Key(NamedTuple):
    """One line: the key, its value in TOML's way of writing, where that comes from, and what it means."""

    name: str
    value: str
    origin: str
    meaning: str


def keys_of(recipe: Recipe, table: str, changes: Mapping[str, Any]) -> list[Key]:
    """The keys of one table of a recipe that was read from its file, with `changes` made on the command line.

    Raises UserError if its network's metaparameters are wrong.
    """
    found = _network_keys(recipe) if table == "network" else _table_keys(getattr(recipe, table))
    changed = {key.split(".")[1] for key in changes if key.startswith(f"{table}.")}
    return [key._replace(origin=CHANGED) if key.name in changed else key for key in found]


def explained(recipe: Recipe, changes: Mapping[str, Any]) -> "Group":
    """All tables of the recipe for a terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Group
    from rich.markup import escape
    from rich.table import Table

    parts: list[Table] = []
    for name in ("network", "quantization", "data", "train", "hardware"):
        about = inspect.getdoc(_model(recipe, name)) or ""
        table = Table(title=f"[bold]{escape(f'[{name}]')}[/] {escape(about)}", box=SIMPLE_HEAD, title_justify="left")
        for heading in ("key", "value", "from", "meaning"):
            table.add_column(heading, overflow="fold")
        for key in keys_of(recipe, name, changes):
            style = "dim" if key.origin == DEFAULT else ""
            table.add_row(key.name, escape(key.value), key.origin, escape(key.meaning), style=style)
        parts.append(table)
    return Group(*parts)


def _model(recipe: Recipe, table: str) -> type:
    return family_named(_family(recipe)) if table == "network" else type(getattr(recipe, table))


def _family(recipe: Recipe) -> str:
    if "family" not in recipe.network:
        raise UserError(f"recipe {recipe.name}: [network] needs the key 'family'")
    return str(recipe.network["family"])


def _network_keys(recipe: Recipe) -> Iterator[Key]:
    given = {key: value for key, value in recipe.network.items() if key != "family"}
    chosen = metaparameters(_family(recipe), given, f"recipe {recipe.name}: ")
    yield Key("family", written(_family(recipe)), GIVEN, "which network; the other keys are its own")
    for field in fields(cast(Any, chosen)):
        origin = GIVEN if field.name in given else DEFAULT
        yield Key(field.name, written(getattr(chosen, field.name)), origin, "")


def _table_keys(table: BaseModel) -> Iterator[Key]:
    for name, field in type(table).model_fields.items():
        origin = GIVEN if name in table.model_fields_set else DEFAULT
        yield Key(name, written(getattr(table, name)), origin, field.description or "")


def written(value: Any) -> str:
    """As TOML has it; what TOML has no word for is a key left out."""
    if isinstance(value, BaseModel):
        value = {key: given for key in value.model_fields_set if (given := getattr(value, key)) is not None}
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, dict):
        pairs = (f"{key if key.isidentifier() else json.dumps(key)} = {written(one)}" for key, one in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, bool):
        return str(value).lower()
    return "left out" if value is None else json.dumps(value) if isinstance(value, str) else str(value)
