"""The stage train."""

from functools import partial
from pathlib import Path

from hwcodesign.core import packages
from hwcodesign.core.run_folder import Stage, Summary
from hwcodesign.job import Job

CODE = ("training", "nets", "data", "recipe.py", "core/tasks")


def train_stage(job: Job) -> Stage:
    """Writes the checkpoints of the recipe's network: trained, or with random weights."""
    recipe = job.to_train

    def random(folder: Path) -> Summary:
        from hwcodesign.training.random_weights import describe, initialise

        initialise(recipe, folder)
        return {"weights": describe(recipe)}

    def work(folder: Path) -> Summary:
        from hwcodesign.training.best import key_of
        from hwcodesign.training.loop import train

        trained = train(recipe, job.data_folder, folder, job.device)
        return {"epoch": trained.epoch, key_of(recipe.task.validation): trained.validation}

    tables = recipe.model_dump(include={"network", "quantization", "data", "train"})
    if job.untrained:
        return Stage("train", (), tables, random, ready=partial(packages.require, "torch", "brevitas"), code=CODE)
    beside = {"digits": ("sklearn",), "boxes": ("pycocotools",)}.get(recipe.data.dataset, ())
    ready = partial(packages.require, "torch", "brevitas", "tensorboard", "PIL", *beside)
    return Stage("train", (), [tables, job.data], work, resumable=True, ready=ready, code=CODE)
