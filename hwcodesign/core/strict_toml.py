"""TOML to frozen pydantic models, strictly: an unknown key or a wrong value is one clear UserError."""

import tomllib
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from hwcodesign.core.errors import UserError, did_you_mean
from hwcodesign.core.input_file import read_input

MOST_BYTES = 2**20  # of a TOML file
# What TOML calls Python's types, by pydantic's name of the fault.
_TOML_NAMES = {"dict_type": "a table", "model_type": "a table", "tuple_type": "an array", "list_type": "an array"}


class StrictModel(BaseModel):
    """Base of every table in a TOML file of ours: immutable, every number finite, unknown keys are errors.

    A value has the type that it is written as: "2" and true are no numbers, 2.0 is no whole one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _tuples(cls, values: Any) -> Any:
        """TOML knows arrays alone; tables that never change keep them as tuples."""
        return {key: as_tuples(value) for key, value in values.items()} if isinstance(values, dict) else values


_M = TypeVar("_M", bound=BaseModel)


def as_tuples(value: Any) -> Any:
    """`value`, with tuples in place of lists, also inside."""
    return tuple(map(as_tuples, value)) if isinstance(value, list | tuple) else value


def read_toml(path: Path) -> dict[str, Any]:
    """The file's content, with or without the mark that Windows puts in front of UTF-8.

    Raises UserError if it is missing or not TOML (with the line).
    """
    content = read_input(path, MOST_BYTES)
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UserError(f"cannot read {path}: {error}") from None
    except (ValueError, RecursionError) as error:  # a date that does not exist, a number too long, nested too deep
        raise UserError(f"{path} is not valid TOML: {error}") from None


def validated(model: type[_M], values: dict[str, Any], where: str) -> _M:
    """`values` as a `model`. Raises one UserError that lists every fault as `where: key: what is allowed`."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = [_describe(model, fault) for fault in error.errors()]
        raise UserError("\n".join(f"{where}: {fault}" for fault in faults)) from None


def _describe(model: type[BaseModel], fault: Any) -> str:
    location = [str(part) for part in fault["loc"]]
    names_a_key = location[-1:] == ["[key]"]  # the fault is one of a key, and not of its value
    key = ".".join(location[:-1] if names_a_key else location)
    if fault["type"] == "extra_forbidden":
        return f"unknown key {key!r}: {did_you_mean(location[-1], _keys(model, location[:-1]))}"
    if fault["type"] == "missing":
        return f"the key {key!r} is missing"
    allowed = fault.get("ctx", {}).get("expected")
    if allowed and isinstance(fault["input"], str):
        names = [part.strip(" '") for part in allowed.replace(" or ", ",").split(",")]
        named = f"unknown key {key!r}" if names_a_key else f"{key} = {fault['input']!r}"
        return f"{named}: {did_you_mean(fault['input'], names)}"
    message = fault["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if fault["type"] in _TOML_NAMES:
        message = _TOML_NAMES[fault["type"]]
    return f"{key} = {fault['input']!r}: must be {message}" if key else message


def _keys(model: type[BaseModel], location: list[str]) -> list[str]:
    """The keys of the table at `location`; the names of a table of tables, and places in an array, lead no further."""
    for part in location:
        if part in model.model_fields:
            model = next(iter(_tables(model.model_fields[part].annotation)), model)
    return list(model.model_fields)


def _tables(annotation: Any) -> list[type[BaseModel]]:
    """The models in a field's type: itself, that of `Table | None`, or what an array or a table holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [table for inner in get_args(annotation) for table in _tables(inner)]
