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
        from hwcodesign.quantize.table import layers_bar, say_epoch

        with layers_bar(len(recipe.describe().convolutions)) as on_layer:
            return run(recipe, request, job.data_folder, folder, on_layer, say_epoch)

    images = listing(request.calibration) if request.calibration and request.calibration.is_dir() else None
    tables = recipe.model_dump(include={"network", "quantization", "data"})
    settings = [tables, request.images, request.equalization, request.distil, images, job.data]
    ready = partial(packages.require, "torch", "brevitas", "PIL")
    return Stage("train", (request.weights,), settings, work, resumable=True, precious=False, ready=ready, code=CODE)
