"""A study: one TOML file that says what may vary, what is wanted, and how long each point may be worked on."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, Field, PrivateAttr, field_validator, model_validator

from hwcodesign.core.errors import UserError, did_you_mean
from hwcodesign.core.names import RULE, is_legal
from hwcodesign.core.strict_toml import StrictModel, read_toml, validated
from hwcodesign.core.tasks import DEFAULT, TASKS, Metric
from hwcodesign.explore.keys import TABLES, whole_keys
from hwcodesign.explore.space import Params, Space, choices, count, drawn, merged, point_at
from hwcodesign.fpga.board import load_board
from hwcodesign.recipe import Recipe, TrainTable, find_recipe

VERSION = 1
MOST_LOOKED_AT = 64  # points, before a search: a millisecond each
MOST_FAULTS = 3  # that are shown
LAYER_BITS = "quantization.layers."
Objective = Literal[
    "accuracy", "reconstruction_error", "detection_loss",  # what training tells, by task
    "frame_rate", "latency_ms", "block_ram", "lut", "ff", "dsp", "parameters", "operations", "energy_uj",
]  # fmt: skip
# What training tells, by task: its validation figure.
TRAINED: Mapping[str, Metric] = {task.validation.objective: task.validation for task in TASKS.values()}
# Which way is better. Energy is the model of analyze/energy.py, in microjoule a frame; latency is one frame's.
DIRECTIONS: Mapping[str, Literal["maximize", "minimize"]] = {
    **{name: metric.direction for name, metric in TRAINED.items()},
    "frame_rate": "maximize",
    "latency_ms": "minimize",
    "block_ram": "minimize",
    "lut": "minimize",
    "ff": "minimize",
    "dsp": "minimize",
    "parameters": "minimize",
    "operations": "minimize",
    "energy_uj": "minimize",
}


SEARCH = "search"  # the name of the first step, in which the points are chosen


def _study_name(name: str) -> str:
    if not is_legal(name):
        raise ValueError(f"{RULE}; say another with the key 'name'")
    return name


def _rung_name(name: str) -> str:
    if not re.fullmatch("[a-z0-9-]{1,32}", name) or name == SEARCH:
        raise ValueError(
            f"1 to 32 of the letters a to z, digits and '-', and not {SEARCH!r}, the step before all rungs"
        )
    return name


class Rung(StrictModel):
    """One training of the points that reach it. `train`: keys of the recipe's [train] table in place of its own.

    `keep`: the fraction of the former rung's points, best fronts first, that are trained here (the first rung trains
    every point that fits), and at least `least` of them.
    """

    name: Annotated[str, AfterValidator(_rung_name)]
    train: dict[str, Any] = Field(default_factory=dict)
    keep: float = Field(default=1.0, gt=0, le=1)
    least: int = Field(default=1, ge=1)


class SearchTable(StrictModel):
    """How points are chosen: `all` of them, at `random`, or by one of Optuna's samplers that learn from the others."""

    sampler: Literal["all", "random", "tpe", "nsga2", "nsga3", "gp"] = "tpe"
    points: int = Field(default=100, ge=1, le=1_000_000, description="how many are tried; `all` tries all")
    seed: int = Field(default=1, ge=0)


class Study(StrictModel):
    """`recipe` is the base, by name or path (relative to the study's file); `space` what varies in it.

    A point must fit its board; `at_least` and `at_most` bound objectives further.
    """

    version: Literal[1] = 1
    name: Annotated[str, AfterValidator(_study_name)]
    recipe: str
    space: Space
    objectives: Annotated[tuple[Objective, ...], Field(min_length=1)] = ("accuracy", "frame_rate")
    at_least: dict[Objective, float] = Field(default_factory=dict)
    at_most: dict[Objective, float] = Field(default_factory=dict)
    rungs: tuple[Rung, ...] = ()
    search: SearchTable = SearchTable()
    _tables: dict[str, Any] = PrivateAttr(default_factory=dict)

    @field_validator("version", mode="before")
    @classmethod
    def _known_version(cls, version: Any) -> Any:
        if version != VERSION:
            raise ValueError(f"{VERSION}, the version of studies that this hwcodesign reads")
        return version

    @model_validator(mode="before")
    @classmethod
    def _varies(cls, values: Any) -> Any:
        space = values.get("space") if isinstance(values, dict) else None
        if space == {}:
            raise ValueError('space is empty: at least 1 key of a recipe varies, such as "network.SR" = [0.25, 0.5]')
        return values

    @model_validator(mode="after")
    def _consistent(self) -> "Study":
        told = [name for name in (*self.objectives, *self.at_least, *self.at_most) if name in TRAINED]
        if told and not self.rungs:
            raise ValueError(f"a study with [[rungs]], since {told[0]} comes from training; or other objectives")
        names = [rung.name for rung in self.rungs]
        if len(set(names)) < len(names):
            raise ValueError("a study whose rungs have different names")
        if len(set(self.objectives)) < len(self.objectives):
            raise ValueError(f"every objective is there once: objectives = {list(self.objectives)}")
        for key in self.at_least.keys() & self.at_most.keys():
            if self.at_least[key] > self.at_most[key]:
                raise ValueError(f"possible: {key} at least {self.at_least[key]} and at most {self.at_most[key]}")
        for table, bounds in (("at_least", self.at_least), ("at_most", self.at_most)):
            for key, bound in bounds.items():
                if bound < 0 or (key == "accuracy" and bound > 1):
                    allowed = "a share of 1, such as 0.9" if key == "accuracy" else "0 or more"
                    raise ValueError(f"{table}.{key} = {bound:g}: must be {allowed}")
        return self

    def of(self, tables: dict[str, Any]) -> "Study":
        """This study of the base recipe that these are the tables of."""
        study = self.model_copy()
        study._tables = tables
        return study

    @property
    def tables(self) -> dict[str, Any]:
        """The base recipe's."""
        return self._tables

    def document(self) -> dict[str, Any]:
        """All that its points depend on, ready for JSON: the study, and its base recipe as that reads now."""
        base = json.loads(json.dumps(self.tables, default=str))
        return {**self.model_dump(mode="json"), "base": base}

    @property
    def metric(self) -> Metric:
        """What training tells of a point: the validation figure of the base recipe's task."""
        named = self.tables.get("data", {}).get("task", DEFAULT)
        return TASKS.get(named, TASKS[DEFAULT]).validation  # one that is none is refused with the recipe

    @property
    def trains(self) -> bool:
        return bool(self.rungs)

    @property
    def directions(self) -> list[Literal["maximize", "minimize"]]:
        """Of each objective, in their order: maximize or minimize."""
        return [DIRECTIONS[objective] for objective in self.objectives]

    @property
    def count(self) -> int:
        """Points of the space."""
        return count(self.space)

    @property
    def budget(self) -> int:
        """Points that are tried."""
        return self.count if self.search.sampler == "all" else min(self.search.points, self.count)

    def recipe_at(self, params: Params, where: str = "") -> Recipe:
        """The recipe of one point. Raises UserError if it is none, which says `where`, or else the point."""
        point = ", ".join(f"{key} = {value}" for key, value in params.items())
        values = merged(self.tables, self.space, params)
        return validated(Recipe, {**values, "name": self.name}, where or point)


def load_study(path: Path) -> Study:
    """Read a study and its base recipe. Raises UserError on any fault: which key, what is allowed."""
    tables = read_toml(path if path.exists() or path.suffix else _recipe_of_that_name(path))
    if "network" in tables and "space" not in tables:
        raise UserError(f"{path} is a recipe, and no study, which says what may vary of one: write one (see "
                        f"docs/guide/explore.md), or ask: --what-if KEY=VALUE,VALUE,...")  # fmt: skip
    return study_from({"name": path.stem, **tables}, str(path), path.parent)


def _recipe_of_that_name(path: Path) -> Path:
    try:
        return find_recipe(str(path))
    except UserError:
        return path


def study_from(values: dict[str, Any], where: str, folder: Path) -> Study:
    """The study of these tables, which stand in `where`; the base recipe may be in `folder`. UserError on any fault."""
    study = validated(Study, values, where)
    beside = folder / study.recipe
    tables = read_toml(beside if beside.is_file() else find_recipe(study.recipe))
    study = study.of(tables)
    _require_known_keys(where, study)
    _require_one_task(where, study)
    _require_boards(where, study)
    _require_trainings(where, study)
    _require_a_network(where, study)
    return study


def _require_a_network(where: str, study: Study) -> None:
    """At least one point is a network, among all of a small space; no fault is that of every point of a large one."""
    total = study.count
    places = range(total) if total <= MOST_LOOKED_AT else drawn(total, MOST_LOOKED_AT, study.search.seed)
    found: list[list[str]] = []
    for place in places:
        found.append(_faults(study, point_at(study.space, place)))
        if not found[-1]:
            return
    every = set.intersection(*map(set, found))
    keys = f"{', '.join(study.space)} contradict{'s' if len(study.space) == 1 else ' each other or'} the base recipe"
    if total <= MOST_LOOKED_AT:
        first = sorted(every) or sorted({fault for faults in found for fault in faults})
        none = f"none of the {total} points of the space is a network; {keys}"
    elif every:
        first, none = sorted(every), f"none of {len(found)} points, drawn from {total:,}, is a network; {keys}"
    else:
        return
    raise UserError("\n".join([f"{where}: {none}:", *first[:MOST_FAULTS]]))


def _require_known_keys(path: str, study: Study) -> None:
    """Every key of the space is one of a recipe: told now, and not as thousands of points that are refused."""
    for key, varied in study.space.items():
        table = key.split(".")[0]
        if table not in TABLES or not all(key.split(".")) or "." not in key:
            raise UserError(f"{path}: space.{key!r} is no key of a recipe: say TABLE.KEY; {_meant(study, key)}")
        values = choices(varied)
        if len(set(values)) < len(values):
            raise UserError(f"{path}: space.{key} has a value twice")
        if table == "network":
            _require_network_key(path, study, key)
        elif not (found := _possible(study, key))[0]:
            raise UserError(f"{path}: no value of space.{key} is possible: {found[1]}")


def _meant(study: Study, key: str) -> str:
    """The end of a message about a key of no table."""
    table, dot, _ = key.partition(".")
    if dot:
        return did_you_mean(table, TABLES)
    known = whole_keys(str(study.tables.get("network", {}).get("family")))
    return f"did you mean {known[key]!r}?" if key in known else did_you_mean(key, known)


def _possible(study: Study, key: str) -> tuple[bool, str]:
    """Whether a value of `key` is, on the base recipe or among the other keys' first values; else a fault of it."""
    others = {other: choices(varied)[0] for other, varied in study.space.items() if other != key}
    named = key.removeprefix("quantization.").rpartition(".")[0] if key.startswith(LAYER_BITS) else key
    fault = ""
    for value in choices(study.space[key]):
        for params in ({key: value}, {**others, key: value}):
            about = [text for text in _faults(study, params) if named in text]
            if not about:
                return True, ""
            fault = fault or about[0]
    return False, fault


def _require_one_task(path: str, study: Study) -> None:
    """Objectives and bounds are those of the base recipe's task, which all points share."""
    if "data.task" in study.space:
        raise UserError(f"{path}: space.data.task: points of different tasks cannot be compared; make a study of each")
    told = study.metric.objective
    for name in (*study.objectives, *study.at_least, *study.at_most):
        if name in TRAINED and name != told:
            raise UserError(f"{path}: objective {name}: the recipe {study.recipe} is not trained for it; say {told}")


def _require_boards(path: str, study: Study) -> None:
    """Every board exists: one that does not would be as many points that are refused."""
    varied = study.space.get("hardware.board")
    for name in choices(varied) if varied else [study.tables.get("hardware", {}).get("board")]:
        try:
            load_board(str(name))
        except UserError as error:
            raise UserError(f"{path}: {'space.' if varied else ''}hardware.board: {error}") from None


def _require_trainings(path: str, study: Study) -> None:
    """Every rung's schedule is one, in place of the base recipe's, and no key of a training varies in vain.

    One of a single value is for the recipe that is picked: that is trained as it says.
    """
    varied = [key for key, one in study.space.items() if key.startswith("train.") and len(choices(one)) > 1]
    for rung in study.rungs:
        validated(TrainTable, {**study.tables.get("train", {}), **rung.train}, f"{path}: rung {rung.name}: train")
        for key in rung.train:
            if f"train.{key}" in varied:
                raise UserError(f"{path}: rung {rung.name} sets train.{key} for all points, and space.train.{key} "
                                "varies it: leave one of them out")  # fmt: skip
    if varied and not study.rungs:
        raise UserError(f"{path}: space.{varied[0]} varies a training, and nothing is trained: say [[rungs]]")


def _require_network_key(path: str, study: Study, key: str) -> None:
    import dataclasses

    from hwcodesign.nets import family_named

    names = study.space.get("network.family", [study.tables.get("network", {}).get("family")])
    named = choices(cast(Any, names))
    known = {field.name for name in named for field in dataclasses.fields(cast(Any, family_named(str(name))))}
    last = key.split(".")[1]
    if last not in {"family", *known}:
        raise UserError(f"{path}: space.{key}: {did_you_mean(last, sorted(known))}")


def _faults(study: Study, params: Params) -> list[str]:
    """What is wrong with the recipe at `params`, the base recipe's values elsewhere, and with the network it says."""
    try:
        recipe = study.recipe_at(params, "recipe")
        network, quantization = recipe.describe(), recipe.quantization.to_quantization()
        network.weight_bits(quantization), network.activation_bits(quantization)
    except UserError as error:
        return str(error).splitlines()
    return []
