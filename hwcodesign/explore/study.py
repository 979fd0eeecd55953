"""A study: one TOML file that says what may vary, what is wanted, and how long each point may be worked on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import Field, field_validator, model_validator

from hwcodesign.core.errors import UserError, did_you_mean
from hwcodesign.core.strict_toml import StrictModel, read_toml, validated
from hwcodesign.core.tasks import DEFAULT, TASKS, Metric
from hwcodesign.explore.space import Params, Space, choices, count, merged, points
from hwcodesign.fpga.board import load_board
from hwcodesign.recipe import Recipe, TrainTable, find_recipe

VERSION = 1
MOST_LOOKED_AT = 64  # points, before a search: a millisecond each
MOST_FAULTS = 3  # that are shown
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


class Rung(StrictModel):
    """One training of the points that reach it. `train`: keys of the recipe's [train] table in place of its own.

    `keep`: the fraction of the former rung's points, best fronts first, that are trained here (the first rung trains
    every point that fits), and at least `least` of them.
    """

    name: str = Field(pattern=r"^[a-z0-9-]{1,32}$")
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
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    recipe: str
    space: Space
    objectives: Annotated[tuple[Objective, ...], Field(min_length=1)] = ("accuracy", "frame_rate")
    at_least: dict[Objective, float] = Field(default_factory=dict)
    at_most: dict[Objective, float] = Field(default_factory=dict)
    rungs: tuple[Rung, ...] = ()
    search: SearchTable = SearchTable()
    tables: dict[str, Any] = Field(default_factory=dict, exclude=True, repr=False)  # the base recipe's

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
        for key, varied in space.items() if isinstance(space, dict) else ():
            bounds = isinstance(varied, dict) and {"low", "high"} <= varied.keys() <= {"low", "high", "step"}
            if not bounds and not (isinstance(varied, list | tuple) and varied):
                raise ValueError(
                    f"space.{key} = {varied!r}: must be at least 1 value in an array, or {{ low, high, step }}"
                )
        return values

    @model_validator(mode="after")
    def _consistent(self) -> "Study":
        told = [name for name in (*self.objectives, *self.at_least, *self.at_most) if name in TRAINED]
        if told and not self.rungs:
            raise ValueError(f"a study with [[rungs]], since {told[0]} comes from training; or other objectives")
        names = [rung.name for rung in self.rungs]
        if len(set(names)) < len(names):
            raise ValueError("a study whose rungs have different names")
        for key in self.at_least.keys() & self.at_most.keys():
            if self.at_least[key] > self.at_most[key]:
                raise ValueError(f"possible: {key} at least {self.at_least[key]} and at most {self.at_most[key]}")
        return self

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

    def recipe_at(self, params: Params) -> Recipe:
        """The recipe of one point. Raises UserError if it is none."""
        where = ", ".join(f"{key} = {value}" for key, value in params.items())
        values = merged(self.tables, self.space, params)
        return validated(Recipe, {**values, "name": self.name}, where)


def load_study(path: Path) -> Study:
    """Read a study and its base recipe. Raises UserError on any fault: which key, what is allowed."""
    return study_from({"name": path.stem, **read_toml(path)}, str(path), path.parent)


def study_from(values: dict[str, Any], where: str, folder: Path) -> Study:
    """The study of these tables, which stand in `where`; the base recipe may be in `folder`. UserError on any fault."""
    study = validated(Study, values, where)
    beside = folder / study.recipe
    tables = read_toml(beside if beside.is_file() else find_recipe(study.recipe))
    study = study.model_copy(update={"tables": tables})
    _require_known_keys(where, study)
    _require_one_task(where, study)
    _require_boards(where, study)
    _require_trainings(where, study)
    _require_a_network(where, study)
    return study


def _require_a_network(where: str, study: Study) -> None:
    """Of a small space, where every point can be looked at: at least one is a network."""
    if study.count > MOST_LOOKED_AT:
        return
    faults = set()
    for params in points(study.space):
        try:
            study.recipe_at(params).describe()
            return
        except UserError as error:
            faults.add(str(error))
    first = "\n".join(sorted(faults)[:MOST_FAULTS])
    raise UserError(
        f"{where}: none of the {study.count} points of the space is a network; {', '.join(study.space)} contradict "
        f"each other or the base recipe:\n{first}"
    )


def _require_known_keys(path: str, study: Study) -> None:
    """Every key of the space is one of a recipe: told now, and not as thousands of points that are refused."""
    for key, varied in study.space.items():
        table = key.split(".")[0]
        if table not in ("network", "quantization", "data", "train", "hardware") or "." not in key:
            allowed = ["network.SR", "quantization.weight_bits", "hardware.board"]
            raise UserError(f"{path}: space.{key!r} is no key of a recipe: say TABLE.KEY, such as {allowed[0]}")
        values = choices(varied)
        if len(set(values)) < len(values):
            raise UserError(f"{path}: space.{key} has a value twice")
        if table == "network":
            _require_network_key(path, study, key)
        else:
            first = {other: choices(one)[0] for other, one in study.space.items()}
            faults = [text for text in _faults(study, ({**first, key: value} for value in values)) if key in text]
            if len(faults) == len(values):
                raise UserError(f"{path}: no value of space.{key} is possible: {faults[0]}")


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
    """Every rung's schedule is one, in place of the base recipe's."""
    for rung in study.rungs:
        validated(TrainTable, {**study.tables.get("train", {}), **rung.train}, f"{path}: rung {rung.name}: train")


def _require_network_key(path: str, study: Study, key: str) -> None:
    import dataclasses

    from hwcodesign.nets import family_named

    names = study.space.get("network.family", [study.tables.get("network", {}).get("family")])
    named = choices(cast(Any, names))
    known = {field.name for name in named for field in dataclasses.fields(cast(Any, family_named(str(name))))}
    last = key.split(".")[1]
    if last not in {"family", *known}:
        raise UserError(f"{path}: space.{key}: {did_you_mean(last, sorted(known))}")


def _faults(study: Study, tried: Any) -> list[str]:
    found = []
    for params in tried:
        try:
            study.recipe_at(params)
        except UserError as error:
            found.append(str(error))
    return found
