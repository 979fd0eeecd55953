"""A small study in one line: every combination of some keys' values, planned at once and kept nowhere."""

import dataclasses
import tomllib
from collections.abc import Sequence
from typing import Any

from hwcodesign.core.errors import UserError, did_you_mean
from hwcodesign.core.strict_toml import read_toml
from hwcodesign.explore.cost import cost_at, violations
from hwcodesign.explore.front import front
from hwcodesign.explore.keys import whole_keys
from hwcodesign.explore.results import Point, Results, excluded_by
from hwcodesign.explore.space import points
from hwcodesign.explore.study import Study, study_from
from hwcodesign.recipe import find_recipe

OBJECTIVES = ("frame_rate", "latency_ms", "block_ram", "lut", "dsp", "parameters")
MOST_POINTS = 2_000


def what_if_study(recipe: str, wishes: Sequence[str]) -> Study:
    """The study of `recipe`, by name or path, whose space is `wishes`: KEY=VALUE,VALUE,... each.

    A key may do without its table. Raises UserError for a key that is none or comes twice, and for too many points.
    """
    path = find_recipe(recipe)
    tables = read_toml(path)
    if "space" in tables:
        raise UserError(f"{path} is a study, and --what-if is asked of a recipe: leave --what-if out to search it")
    family = str(tables.get("network", {}).get("family"))
    space: dict[str, list[Any]] = {}
    for wish in wishes:
        key, equals, text = wish.partition("=")
        if not equals or not text.strip():
            raise UserError(f"--what-if {wish}: say KEY=VALUE,VALUE,... such as SR=0.25,0.5")
        whole = _whole(key.strip(), family)
        if whole in space:
            raise UserError(f"--what-if {wish}: {whole} is there twice: give all of its values at once")
        space[whole] = _values(text)
    values = {"name": path.stem, "recipe": recipe, "space": space, "objectives": list(OBJECTIVES)}
    study = study_from({**values, "search": {"sampler": "all"}}, "--what-if", path.parent)
    if study.count > MOST_POINTS:
        raise UserError(
            f"--what-if: these are {study.count:,} points, and at most {MOST_POINTS:,} are planned at once: "
            "write a study (see docs/guide/explore.md), whose search can be stopped and goes on"
        )
    return study


def planned(study: Study) -> Results:
    """Every point of the study, with what it costs."""
    found = []
    for number, params in enumerate(points(study.space)):
        cost = cost_at(study, params)
        excluded = excluded_by(cost.document(), violations(study, cost))
        found.append(Point(number, params, dict(cost.figures), "", excluded, in_front=False))
    candidates = [point for point in found if not point.excluded]
    values = [[point.figures[objective] for objective in study.objectives] for point in candidates]
    best = {candidates[i].number for i in front(values, study.directions)}
    marked = tuple(dataclasses.replace(point, in_front=point.number in best) for point in found)
    return Results(marked, {"search": (len(found), len(found))}, {})


def _whole(key: str, family: str) -> str:
    """The key with its table: the network's come first."""
    if "." in key:
        return key
    known = whole_keys(family)
    if key not in known:
        raise UserError(f"--what-if {key}: {did_you_mean(key, sorted(known))}")
    return known[key]


def _values(text: str) -> list[Any]:
    """Numbers and whatever else TOML knows; texts do without quotation marks."""
    try:
        return list(tomllib.loads(f"values = [{text}]")["values"])
    except tomllib.TOMLDecodeError:
        return [_value(part.strip()) for part in text.split(",")]


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
