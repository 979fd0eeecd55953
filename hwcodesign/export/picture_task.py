"""What a run's network was trained to do with pictures, from what its export wrote beside the model."""

import json

import numpy as np

from hwcodesign.core.document import reading
from hwcodesign.core.picture_task import PictureTask
from hwcodesign.core.run_folder import RunFolder
from hwcodesign.core.strict_toml import validated
from hwcodesign.core.tasks import DEFAULT, TASKS, Task
from hwcodesign.recipe import DataTable

REFERENCE = "reference.json"


def picture_task(run: RunFolder) -> PictureTask | None:
    """None for somebody's own model, whose file does not say it. Raises UserError for a damaged reference.json."""
    path = run.stage("export") / REFERENCE
    if not path.is_file():
        return None
    with reading(path):
        reference = json.loads(path.read_text())
        return task_of(validated(DataTable, reference["recipe"]["data"], str(path)), reference["classes"] or ())


def task_of_run(run: RunFolder) -> Task:
    """What a run's network is for. Raises UserError as `picture_task` does."""
    described = picture_task(run)
    return TASKS[DEFAULT if described is None else described.task]


def as_seen(run: RunFolder, frames: np.ndarray) -> np.ndarray:
    """Frames (frames, H, W, C) of a run's network in a person's order of channels: red first."""
    task = picture_task(run)
    return frames if task is None else task.preprocessing.ordered(frames)  # reversed twice is as before


def task_of(data: DataTable, class_names: tuple[str, ...]) -> PictureTask:
    """That of a recipe's [data] table and the names that its data set gave the classes."""
    mean, divisor = (value if isinstance(value, tuple) else (value,) for value in (data.mean, data.divisor))
    return PictureTask(
        data.preprocessing, mean, divisor, tuple(class_names), data.top5, data.log_mel, data.task, data.anchors
    )
