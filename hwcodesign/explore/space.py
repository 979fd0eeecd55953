"""A design space: the keys of a recipe that may vary, and the values that each may take."""

import itertools
import json
import math
from collections.abc import Iterator, Mapping
from random import Random
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from hwcodesign.core.strict_toml import StrictModel
from hwcodesign.recipe import with_keys

MOST_VALUES = 10_000  # of one key
ROUNDING = 1e-9  # of a range's steps
Scalar = bool | int | float | str
Params = dict[str, Scalar]  # a point: by key, a value; what TOML has as an array or a table is its JSON text here


class Range(StrictModel):
    """From `low` to `high`, both included, in whole steps of `step`: whole numbers if all three are."""

    low: int | float
    high: int | float
    step: int | float = 1

    @model_validator(mode="after")
    def _rises(self) -> "Range":
        if self.step <= 0 or self.high < self.low:
            raise ValueError("low <= high and step > 0")
        if self._steps >= MOST_VALUES:
            raise ValueError(f"at most {MOST_VALUES:,} values: say a larger step")
        below, above = (self._at(place(self._steps)) for place in (math.floor, math.ceil))
        if abs(self._steps - round(self._steps)) > ROUNDING:
            raise ValueError(
                f"whole steps from low to high: those of {self.step} lead to {below} and {above}; say another step or "
                "high"
            )
        return self

    @property
    def values(self) -> tuple[int | float, ...]:
        return tuple(self._at(i) for i in range(round(self._steps) + 1))

    @property
    def _steps(self) -> float:
        return (self.high - self.low) / self.step

    def _at(self, place: int) -> int | float:
        whole = all(isinstance(number, int) for number in (self.low, self.high, self.step))
        value = self.low + place * self.step
        return value if whole else round(value, 9)


def _varied(value: Any) -> Any:
    """What a study says of one key, with one message for all that it cannot be."""
    if isinstance(value, dict) and {"low", "high"} <= value.keys() <= {"low", "high", "step"}:
        try:
            return Range.model_validate(value)
        except ValidationError as error:
            raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None
    if isinstance(value, list | Range) and value != []:
        _require_storable(value)
        return value
    hint = ', and the key in quotation marks, "network.SR"' if isinstance(value, dict) else ""
    raise ValueError(f"at least 1 value in an array, or {{ low, high, step }}{hint}")


def _require_storable(value: Any) -> None:
    """Raises ValueError for what a storage cannot keep, or cannot find again."""
    if isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            _require_storable(inner)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"finite numbers, which {value} is not")
    elif not isinstance(value, Scalar | Range):
        raise ValueError(f"numbers, texts, true, false, arrays or tables, which {value} is not")


Varied = Annotated[Annotated[list[Any], Field(max_length=MOST_VALUES)] | Range, BeforeValidator(_varied)]
Space = dict[str, Varied]  # by a recipe's key: "network.SR", "quantization.weight_bits", "hardware.board"


def choices(varied: Varied) -> tuple[Scalar, ...]:
    """The values of one key, in order; arrays and tables as JSON text, which is what a search engine can store."""
    values = varied.values if isinstance(varied, Range) else varied
    return tuple(value if isinstance(value, Scalar) else json.dumps(value) for value in values)


def plain(varied: Varied, value: Scalar) -> Any:
    """The value that `choices` gave for one of `varied`, as the recipe has it."""
    return varied[choices(varied).index(value)] if isinstance(varied, list) and isinstance(value, str) else value


def count(space: Space) -> int:
    """How many points the space has: the product of the choices, as section 4.7 of the dissertation counts networks."""
    return math.prod(len(choices(varied)) for varied in space.values())


def points(space: Space) -> Iterator[Params]:
    """Every point, the last key's values first."""
    for values in itertools.product(*(choices(varied) for varied in space.values())):
        yield dict(zip(space, values, strict=True))


def drawn(total: int, wanted: int, seed: int) -> list[int]:
    """Places of `wanted` different points out of `total`, at random."""
    random, found = Random(seed), dict[int, None]()
    while len(found) < wanted:
        found.setdefault(random.randrange(total))
    return list(found)


def point_at(space: Space, index: int) -> Params:
    """The point that `points` gives at `index`, without the ones before it."""
    found: Params = {}
    for key in reversed(space):
        values = choices(space[key])
        index, place = divmod(index, len(values))
        found[key] = values[place]
    return {key: found[key] for key in space}


def merged(tables: Mapping[str, Any], space: Space, params: Params) -> dict[str, Any]:
    """A recipe's tables with the point's values in place of its own."""
    return with_keys(tables, {key: plain(space[key], value) for key, value in params.items()})
