"""What networks are trained for, a task a file. What it minimises in training stands in training/criteria."""

from collections.abc import Mapping
from typing import Any, Literal

from hwcodesign.core.tasks.classify import Classify
from hwcodesign.core.tasks.detect import Detect
from hwcodesign.core.tasks.reconstruct import Reconstruct
from hwcodesign.core.tasks.task import Answer, Metric, Scored, Task, told

__all__ = ["DEFAULT", "TASKS", "Answer", "Metric", "Scored", "Task", "TaskName", "task_in", "told"]

TaskName = Literal["classify", "reconstruct", "detect"]
DEFAULT: TaskName = "classify"  # of files from before there were others, and of somebody's own model
TASKS: Mapping[str, Task] = {"classify": Classify(), "reconstruct": Reconstruct(), "detect": Detect()}


def task_in(reference: Mapping[str, Any]) -> Task:
    """The task of the network that a reference.json is of; {}: of somebody's own model."""
    return TASKS[reference.get("recipe", {}).get("data", {}).get("task", DEFAULT)]
