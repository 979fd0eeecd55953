"""Pictures of a run: how it was trained, what it gets wrong, and how its weights and activations use their levels.

They are drawn from what the run folder holds into `pictures/`, by a command of its own, so that no stage needs
matplotlib. Everything shown is measured: accuracy on the exported reference's images, levels in integers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hwcodesign.core.errors import UserError
from hwcodesign.core.run_folder import RunFolder, Stage, Summary

FOLDER = "pictures"


@dataclass(frozen=True)
class Picture:
    """One file, drawn by `draw(run, path)` from the folders of the stages in `needs`; it returns False for nothing."""

    name: str
    needs: tuple[str, ...]
    draw: Callable[[RunFolder, Path], bool]


def draw_pictures(run: RunFolder) -> Summary:
    """Draw every picture that the run folder has the data for; nothing, if they are there and still true.

    Returns `files`, paths in the run folder, and `missing`: by picture, what it needs. Raises UserError if matplotlib
    is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise UserError("pictures need matplotlib, which is not installed: pip install 'hwcodesign[analyze]'") from None
    from hwcodesign.pictures import anomalies, detections, distributions, results, training

    pictures = (
        Picture("training", ("train",), training.draw),
        Picture("confusion", ("export",), results.draw_confusion),
        Picture("misclassified", ("export",), results.draw_misclassified),
        Picture("anomalies", ("export",), anomalies.draw),
        Picture("detections", ("export", "lower"), detections.draw),
        Picture("weights", ("lower",), distributions.draw_weights),
        Picture("activations", ("export", "lower"), distributions.draw_activations),
    )

    def work(folder: Path) -> Summary:
        files, missing = [], {}
        for picture in pictures:
            absent = [stage for stage in picture.needs if not run.finished(stage)]
            if absent:
                missing[picture.name] = f"the stage {absent[0]!r} has not been run"
            elif picture.draw(run, folder / f"{picture.name}.png"):
                files.append(f"{FOLDER}/{picture.name}.png")
            else:
                missing[picture.name] = "there is nothing to show (random weights, no mistakes, or another task)"
        return {"files": files, "missing": missing}

    inputs = tuple(run.stage(name) for name in ("train", "export", "lower") if run.finished(name))
    stage = Stage(FOLDER, inputs, [str(path.name) for path in inputs], work)
    return run.summary(FOLDER) if run.is_current(stage) else run.execute(stage)
