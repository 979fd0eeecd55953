"""Figures in words, and the tasks by name."""

from typing import get_args

import pytest

from hwcodesign.core.tasks import TASKS, Metric, TaskName, task_in, told
from hwcodesign.explore.study import DIRECTIONS, Objective
from hwcodesign.recipe import DataTable, TrainTable


def test_every_task_has_a_name_in_recipes_an_objective_and_known_keys() -> None:
    assert get_args(TaskName) == tuple(TASKS)
    assert set(get_args(Objective)) == set(DIRECTIONS)
    for task in TASKS.values():
        for table, _, key in (key.partition(".") for key in (*task.needed, *task.unused)):
            assert key in {"data": DataTable, "train": TrainTable}[table].model_fields


def test_a_report_from_before_there_were_tasks_is_a_classifiers() -> None:
    assert task_in({"top1": 0.5}) is task_in({"recipe": {"data": {}}}) is TASKS["classify"]


@pytest.mark.parametrize(
    ("summary", "words"),
    [({"top1": 0.98889}, "98.89 %"), ({"top1": 0.5, "top5": 0.75}, "50.00 % (top-5 75.00 %)"), ({"top1": None}, None)],
)
def test_figures_are_told_in_words(summary: dict[str, float], words: str | None) -> None:
    assert told(TASKS["classify"], summary) == words


def test_a_figure_of_which_less_is_better_is_minimised() -> None:
    error = Metric("mse", "Squared error", "less", "{:.2g}", phrase="error {}")
    assert (error.direction, error.objective, error.said(0.123)) == ("minimize", "squared_error", "error 0.12")
