"""TOML read strictly: every fault is named with its key and what is allowed."""

from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field

from hwcodesign.core.errors import UserError
from hwcodesign.core.strict_toml import StrictModel, as_tuples, read_toml, validated


class Pond(StrictModel):
    depth: float = Field(gt=0)
    animals: tuple[str, ...] = ()


class Garden(StrictModel):
    soil: Literal["clay", "sand"]
    pond: Pond | None = None
    trees: int = 0
    beds: dict[str, Pond] = Field(default_factory=dict)
    ponds_of: tuple[Pond, ...] = ()
    paths: dict[Literal["gravel", "sand"], float] = Field(default_factory=dict)


def test_arrays_become_tuples_also_inside() -> None:
    assert as_tuples([1, [2, [3]], "x"]) == (1, (2, (3,)), "x")
    made = validated(Garden, {"soil": "clay", "pond": {"depth": 1.5, "animals": ["frog"]}}, "g.toml")
    assert made.pond is not None and made.pond.animals == ("frog",)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"soil": "clay", "ponds": {}}, r"g: unknown key 'ponds': did you mean 'pond'\?"),
        ({"soil": "clay", "pond": {"depth": 1, "animal": []}}, "unknown key 'pond.animal': did you mean 'animals'"),
        ({"soil": "sandy"}, r"soil = 'sandy': did you mean 'sand'\?"),
        ({}, "the key 'soil' is missing"),
        ({"soil": "clay", "trees": "2"}, "trees = '2': must be a valid integer"),
        ({"soil": "clay", "trees": True}, "trees = True: must be a valid integer"),
        ({"soil": "clay", "trees": 2.0}, "trees = 2.0"),
        ({"soil": "clay", "pond": {"depth": float("inf")}}, "pond.depth = inf: must be a finite number"),
        ({"soil": "clay", "beds": {"roses": {"depht": 1}}}, "unknown key 'beds.roses.depht': did you mean 'depth'"),
        ({"soil": "clay", "ponds_of": [{"depht": 1}]}, "unknown key 'ponds_of.0.depht': did you mean 'depth'"),
        ({"soil": "clay", "paths": {"gravle": 1.0}}, "unknown key 'paths.gravle': did you mean 'gravel'"),
        ({"soil": "clay", "beds": 3}, "beds = 3: must be a table"),
        ({"soil": "clay", "pond": []}, "pond = .*: must be a table"),
        ({"soil": "clay", "ponds_of": 3}, "ponds_of = 3: must be an array"),
        ({"soil": "clay", "pond": {"depth": 0.0}}, "pond.depth = 0.0: must be greater than 0"),
    ],
)
def test_a_fault_names_its_key_and_what_is_allowed(values: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        validated(Garden, values, "g")


def test_all_faults_come_in_one_message() -> None:
    with pytest.raises(UserError) as refused:
        validated(Garden, {"soil": 1, "trees": "x"}, "g.toml")
    assert len(str(refused.value).splitlines()) == 2


def test_the_mark_of_windows_is_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "g.toml").write_bytes(b"\xef\xbb\xbfsoil = 'clay'\r\n")
    assert read_toml(tmp_path / "g.toml") == {"soil": "clay"}


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"a = ", "is not valid TOML"), (b"a = 2000-02-31", "is not valid TOML"), (b"\xff\xfe", "cannot read")],
)
def test_what_is_no_toml_is_said(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "g.toml").write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_toml(tmp_path / "g.toml")
    with pytest.raises(UserError, match=r"none\.toml"):
        read_toml(tmp_path / "none.toml")
