"""The stage export."""

from functools import partial
from pathlib import Path

from hwcodesign.core import packages
from hwcodesign.core.run_folder import Stage, Summary
from hwcodesign.data.folder import CALIBRATION, unlabelled_alone
from hwcodesign.job import Job

CODE = ("export", "training", "nets", "data", "recipe.py", "core/tasks")


def export_stage(job: Job) -> Stage:
    """Writes the trained network as QONNX, and what it answers on the held-out images."""
    recipe, checkpoint = job.to_train, job.run.stage("train") / "best.pt"

    def work(folder: Path) -> Summary:
        from hwcodesign.export.qonnx import export

        exported = export(recipe, checkpoint, folder, job.data_folder, job.untrained, _unlabelled(job))
        return {"model": exported.model.name, "bytes": exported.model.stat().st_size}

    settings = [recipe.data.model_dump(), job.data, job.untrained]
    ready = partial(packages.require, "torch", "brevitas", "onnx", "onnxoptimizer")
    return Stage("export", (checkpoint,), settings, work, ready=ready, code=CODE)


def _unlabelled(job: Job) -> tuple[Path, int] | None:
    """Where the images are that a quantization looks at, and how many it takes, if no labelled ones are at hand."""
    if job.quantize is None or job.to_train.data.dataset != "folder":
        return None
    folder, data = job.quantize.calibration, job.data_folder
    if data is not None:
        if not unlabelled_alone(data):
            return None
        folder = folder or data / CALIBRATION
    return None if folder is None else (folder, job.quantize.images)


def shipped_export(job: Job) -> Stage:
    """In place of training and export: the trained files that come with the recipe."""
    recipe, shipped = job.to_train, job.shipped
    assert shipped is not None

    def work(folder: Path) -> Summary:
        from hwcodesign.data import load_dataset
        from hwcodesign.export.pretrained import restore

        at_hand = job.data_folder is not None or recipe.data.dataset == "digits"
        dataset = load_dataset(recipe.data, job.data_folder, training=False) if at_hand else None
        scored = restore(shipped, recipe, dataset, folder)
        return {
            "model": "model.onnx",
            "bytes": (folder / "model.onnx").stat().st_size,
            "from": "the recipe's own files",
            "scored_images": scored,
        }

    return Stage("export", (shipped,), [recipe.data.model_dump(), job.data], work, code=CODE)
