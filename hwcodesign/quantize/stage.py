"""The stage train, where float weights and images take the place of a training."""

from functools import partial
from pathlib import Path

from hwcodesign.core import packages
from hwcodesign.core.run_folder import Stage, Summary, listing
from hwcodesign.job import Job

CODE = ("quantize", "export", "nets", "data", "training/augment.py", "recipe.py")


def quantize_stage(job: Job) -> Stage:
    """Writes best.pt, as a training would."""
    recipe, request = job.to_train, job.quantize
    assert request is not None

    def work(folder: Path) -> Summary:
        from hwcodesign.quantize.from_weights import run
        from hwcodesign.quantize.table import listener

        with listener(recipe.describe(), request.reconstruct) as heard:
            return run(recipe, request, job.data_folder, folder, heard)

    images = listing(request.calibration) if request.calibration and request.calibration.is_dir() else None
    learns = bool(request.reconstruct or request.distil)
    tables = recipe.model_dump(include={"network", "quantization", "data"} | ({"train"} if learns else set()))
    asked = [request.images, request.equalization, request.reconstruct, request.distil]
    settings = [tables, asked, images, job.data]
    ready = partial(packages.require, "torch", "brevitas", "PIL")
    return Stage("train", (request.weights,), settings, work, resumable=True, precious=False, ready=ready, code=CODE)
