"""A design space: the keys of a recipe that may vary, and the values that each may take."""

import itertools
import json
import math
from collections.abc import Iterator, Mapping
from random import Random
from typing import Annotated, Any

from pydantic import Field, model_validator

from hwcodesign.core.strict_toml import StrictModel
from hwcodesign.recipe import with_keys

Scalar = bool | int | float | str
Params = dict[str, Scalar]  # a point: by key, a value; what TOML has as an array or a table is its JSON text here


class Range(StrictModel):
    """From `low` to `high`, both included, in steps of `step`: whole numbers if all three are."""

    low: int | float
    high: int | float
    step: int | float = 1

    @model_validator(mode="after")
    def _rises(self) -> "Range":
        if self.step <= 0 or self.high < self.low:
            raise ValueError("low <= high and step > 0")
        return self

    @property
    def values(self) -> tuple[int | float, ...]:
        count = math.floor((self.high - self.low) / self.step + 1e-9) + 1
        whole = all(isinstance(number, int) for number in (self.low, self.high, self.step))
        numbers = (self.low + i * self.step for i in range(count))
        return tuple(numbers if whole else (round(number, 9) for number in numbers))


Varied = Annotated[list[Any], Field(min_length=1)] | Range
Space = dict[str, Varied]  # by a recipe's key: "network.SR", "quantization.weight_bits", "hardware.board"


def choices(varied: Varied) -> tuple[Scalar, ...]:
    """The values of one key, in order; arrays and tables as JSON text, which is what a search engine can store."""
    values = varied.values if isinstance(varied, Range) else varied
    return tuple(value if isinstance(value, Scalar) else json.dumps(value) for value in values)


def plain(varied: Varied, value: Scalar) -> Any:
    """The value that `choices` gave for one of `varied`, as the recipe has it."""
    texts = isinstance(varied, list) and not any(isinstance(one, str) for one in varied)
    return json.loads(value) if texts and isinstance(value, str) else value


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
