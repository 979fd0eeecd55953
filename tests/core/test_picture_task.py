"""What goes to the host with a design: there and back through JSON, and names for classes."""

import json

import pytest

from hwcodesign.core.picture_task import PictureTask
from hwcodesign.core.preprocessing import Preprocessing

TASK = PictureTask(Preprocessing((6, 7), 3, "bgr", "shorter side", 9), (1.0, 2.0, 3.0), (4.0,), ("ant", "bee"), True)


def test_json_gives_it_back() -> None:
    assert PictureTask.from_json(json.loads(json.dumps(TASK.to_json()))) == TASK


@pytest.mark.parametrize("change", [{"mean": ["x"]}, {"preprocessing": {"colour": 1}}, {"more": 1}])
def test_anything_else_is_refused(change: dict[str, object]) -> None:
    with pytest.raises((TypeError, KeyError, ValueError)):
        PictureTask.from_json(TASK.to_json() | change)


def test_names_and_how_many_are_shown() -> None:
    assert list(TASK.names(3)) == ["ant", "bee", "(2)"] and TASK.shown == 5 and TASK.any_size
    unnamed = PictureTask(Preprocessing((6, 7)))
    assert list(unnamed.names(3)) == ["0", "1", "2"] and unnamed.shown == 1 and not unnamed.any_size
