"""A detection task made of a classification one: pictures pasted on dark canvases, with their boxes, in COCO's format.

    python -m benchmarks.data.pasted FASHION_MNIST FOLDER [--train 24000] [--test 500]

Each canvas of 64x64 pixels has one to four pictures, scaled to 14 to 28 pixels, no two of which overlap by more than a
little; a box goes around what of a picture is not black. Training canvases hold training pictures, test canvases test
pictures. The same arguments give the same files.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from hwcodesign.core.boxes import overlap
from hwcodesign.data import idx

SIDE, SMALLEST, LARGEST, MOST = 64, 14, 28, 4
MOST_OVERLAP = 0.05
NAMES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot")
_VISIBLE = 32  # of 255
_ATTEMPTS = 20


def write(images: np.ndarray, labels: np.ndarray, folder: Path, split: str, count: int, seed: int) -> None:
    """`count` canvases of the `images` (N, H, W) and their `labels` into `folder`."""
    rng = np.random.default_rng(seed)
    (folder / split).mkdir(parents=True, exist_ok=True)
    files: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number in range(count):
        canvas, pasted = _canvas(images, rng)
        name = f"{number:05}.png"
        Image.fromarray(canvas).save(folder / split / name)
        files.append({"id": number, "file_name": name, "width": SIDE, "height": SIDE})
        for index, (left, top, right, bottom) in pasted:
            box = [int(left), int(top), int(right - left), int(bottom - top)]
            annotations.append({"id": len(annotations) + 1, "image_id": number, "category_id": int(labels[index]) + 1,
                                "bbox": box, "area": box[2] * box[3], "iscrowd": 0})  # fmt: skip
    categories = [{"id": number, "name": name} for number, name in enumerate(NAMES, start=1)]
    document = {"images": files, "annotations": annotations, "categories": categories}
    (folder / f"{split}.json").write_text(json.dumps(document))


def _canvas(images: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, list[tuple[int, np.ndarray]]]:
    """The canvas, and of each picture on it its index and box."""
    canvas = np.zeros((SIDE, SIDE), dtype=np.uint8)
    pasted: list[tuple[int, np.ndarray]] = []
    wanted = int(rng.integers(1, MOST + 1))
    for _ in range(_ATTEMPTS):
        if len(pasted) == wanted:
            break
        index, side = int(rng.integers(len(images))), int(rng.integers(SMALLEST, LARGEST + 1))
        left, top = (int(n) for n in rng.integers(0, SIDE - side + 1, 2))
        picture = np.asarray(Image.fromarray(images[index]).resize((side, side), Image.Resampling.BILINEAR))
        rows, columns = np.nonzero(picture > _VISIBLE)
        if not len(rows):
            continue
        box = np.array([left + columns.min(), top + rows.min(), left + columns.max() + 1, top + rows.max() + 1])
        others = np.array([other for _, other in pasted]).reshape(-1, 4)
        if len(others) and overlap(box, others).max() > MOST_OVERLAP:
            continue
        place = canvas[top : top + side, left : left + side]
        np.maximum(place, picture, out=place)
        pasted.append((index, box))
    return canvas, pasted


def main() -> None:
    """Write both splits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--train", type=int, default=24000)
    parser.add_argument("--test", type=int, default=500)
    options = parser.parse_args()
    found = idx.read(options.source, channels=1)
    write(found.train_images[..., 0], found.train_labels, options.folder, "train", options.train, seed=1)
    write(found.test_images[..., 0], found.test_labels, options.folder, "test", options.test, seed=2)


if __name__ == "__main__":
    main()
