"""Trained networks that come with their recipes, so that everything behind the training runs without it.

models/NAME/ beside models/NAME.toml holds what the export of its training wrote, without the images, which are not
ours: model.onnx, reference.json, and scores.npz with the integer scores (int32) of the test images under their
`digests` (uint64: the first 8 bytes of the SHA-256 of an image's pixels), so that a data set in another order fits too.
A detector has thousands of scores an image: where those of all would take more than MOST_BYTES, there are those of
every k-th. Their digests come first, the other test images' behind them.

    python -m hwcodesign.export.pretrained runs/NAME models/NAME      # after a training worth keeping
"""

import hashlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.core.score_map import ScoreMap
from hwcodesign.data.dataset import Dataset
from hwcodesign.export.picture_task import task_of
from hwcodesign.recipe import Recipe

MOST_BYTES = 2**21  # of the scores; packed, a detector's take somewhat more than half
_COPIED = ("model.onnx", "reference.json")
_TABLES = ("network", "quantization", "data")  # what the trained weights fit; the hardware may be another


def ship(run: Path, folder: Path) -> None:
    """Make the folder of trained files `folder` from the finished run `run`, which was trained there."""
    exported = run / "export"
    folder.mkdir(parents=True, exist_ok=True)
    for name in _COPIED:
        shutil.copyfile(exported / name, folder / name)
    with np.load(exported / "reference.npz") as reference:
        scores, images = reference["integer_scores"], reference["images"]
    measured = json.loads((exported / "reference.json").read_text())["images"]
    assert len(scores) == measured, "the run has itself taken trained files, whose scores are not of all images"
    assert np.abs(scores).max() < 2**31
    scores = scores.astype(np.int32)
    count = min(len(scores), max(1, MOST_BYTES // scores[0].nbytes))
    kept = np.arange(count) * len(scores) // count  # of images in the order of their classes, some of each
    digests = _digests(images)
    others = np.delete(digests, kept)
    np.savez_compressed(
        folder / "scores.npz", digests=np.concatenate([digests[kept], others]), integer_scores=scores[kept]
    )


def restore(folder: Path, recipe: Recipe, dataset: Dataset | None, out_folder: Path) -> int:
    """Write what `export` would have, into `out_folder`; its reference.npz has the test images of known scores alone.

    Returns how many these are. Without `dataset` there is no reference.npz. Raises UserError if `recipe` describes
    another network than the one that was trained, or if the test images of `dataset` are not those that it was
    measured on.
    """
    reference = json.loads((folder / "reference.json").read_text())
    trained = Recipe.trained(reference["recipe"])
    changed = [table for table in _TABLES if getattr(recipe, table) != getattr(trained, table)]
    if changed:
        raise UserError(f"the trained files in {folder} are of another network: [{'], ['.join(changed)}] of the recipe "
                        f"changed since; train this one (leave out --from)")  # fmt: skip
    out_folder.mkdir(parents=True, exist_ok=True)
    for name in _COPIED:
        shutil.copyfile(folder / name, out_folder / name)
    if dataset is None:
        return 0
    chosen, scores = _scores_of(folder, dataset)
    np.savez_compressed(
        out_folder / "reference.npz",
        images=dataset.test_images[chosen], labels=dataset.test_labels[chosen], integer_scores=scores,
        scores=ScoreMap.of_reference(reference["contract"]).affine(scores),
        task=np.array(task_of(recipe.data, dataset.classes).text),
    )  # fmt: skip
    return len(scores)


def _scores_of(folder: Path, dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Which test images of `dataset`, in whatever order, have known scores, and these: int64 (images, scores)."""
    with np.load(folder / "scores.npz") as shipped:
        measured, scores = shipped["digests"].tolist(), shipped["integer_scores"]
    digests = _digests(dataset.test_images).tolist()
    known = set(measured)
    unknown = sum(digest not in known for digest in digests)
    if unknown or len(set(digests)) != len(known):
        raise UserError(
            f"{dataset.name}: {unknown} of its {len(digests)} test images are not among the {len(known)} that the "
            f"trained network was measured on; give the original data, or no --data"
        )
    by_digest = dict(zip(measured, scores, strict=False))  # the first of them have scores
    chosen = np.array([number for number, digest in enumerate(digests) if digest in by_digest])
    return chosen, np.stack([by_digest[digests[number]] for number in chosen]).astype(np.int64)


def _digests(images: np.ndarray) -> np.ndarray:
    """uint64 (images,). Equal images have equal scores, so that they may share a digest."""
    digests = [hashlib.sha256(np.ascontiguousarray(image).tobytes()).digest()[:8] for image in images]
    return np.array([int.from_bytes(digest, "big") for digest in digests], np.uint64)


if __name__ == "__main__":
    ship(Path(sys.argv[1]), Path(sys.argv[2]))
