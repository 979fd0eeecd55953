"""What the host is told of a run's pictures."""

import json
from pathlib import Path

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import RunFolder
from hwcodesign.export.picture_task import as_seen, picture_task
from hwcodesign.recipe import load_recipe


def written(run: Path, **changes: object) -> RunFolder:
    (run / "export").mkdir(parents=True, exist_ok=True)
    data = load_recipe("squeezenet-v1.0-imagenet").data.model_dump(mode="json")
    reference = {"recipe": {"data": data}, "classes": ["tench", "goldfish"]} | changes
    (run / "export" / "reference.json").write_text(json.dumps(reference))
    return RunFolder(run)


def test_all_that_the_recipe_says_goes_to_the_host(tmp_path: Path) -> None:
    task = picture_task(written(tmp_path))
    assert task is not None and task.class_names == ("tench", "goldfish") and task.top5 and task.any_size
    assert task.mean == (104, 117, 123) and task.divisor == (1, 1, 1)
    made = task.preprocessing
    assert (made.size, made.channel_order, made.resize, made.resize_to) == ((227, 227), "bgr", "stretch", 256)
    assert picture_task(written(tmp_path, classes=None)).class_names == ()  # type: ignore[union-attr]


def test_people_see_red_first(tmp_path: Path) -> None:
    frames = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)
    assert np.array_equal(as_seen(written(tmp_path), frames), frames[..., ::-1])  # a recipe in B G R
    assert as_seen(RunFolder(tmp_path / "other"), frames) is frames


def test_somebodys_model_has_none_and_damage_is_said(tmp_path: Path) -> None:
    assert picture_task(RunFolder(tmp_path / "other")) is None
    with pytest.raises(UserError, match=r"reference.json.*size"):
        picture_task(written(tmp_path, recipe={"data": {"size": "large"}}))
