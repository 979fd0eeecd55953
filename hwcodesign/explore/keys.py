"""The keys of a recipe, by the short names that people call them."""

import dataclasses
from typing import Any, cast

from hwcodesign.core.strict_toml import StrictModel
from hwcodesign.nets import family_named
from hwcodesign.recipe import DataTable, HardwareTable, QuantizationTable, TrainTable

_TABLES: dict[str, type[StrictModel]] = {
    "quantization": QuantizationTable,
    "hardware": HardwareTable,
    "data": DataTable,
    "train": TrainTable,
}
TABLES = ("network", *_TABLES)


def whole_keys(family: str) -> dict[str, str]:
    """By its last part every key of a recipe of this family of networks, which come first where two tables have it.

    Raises UserError for a family that is none.
    """
    fields = dataclasses.fields(cast(Any, family_named(family)))
    known = {field.name: f"network.{field.name}" for field in fields}
    for name, table in _TABLES.items():
        known = {field: f"{name}.{field}" for field in table.model_fields} | known
    return known
