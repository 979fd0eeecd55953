"""Pictures with boxes, in COCO's format: a folder of pictures for each split, and a JSON file of the same name.

    train.json, train/0000.png, ...; test.json, test/0000.png, ...

Of the file are read `images` (id, file_name), `annotations` (image_id, category_id, bbox = left, top, width, height)
and `categories` (id, name). Source: T.-Y. Lin et al., Microsoft COCO: common objects in context, 2014.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.core.image_file import read_image
from hwcodesign.core.input_file import read_input
from hwcodesign.data.dataset import Dataset

_MOST_BYTES = 2**28


@dataclass(frozen=True)
class Scenes:
    """Pictures uint8 (count, height, width, channels) of one size; of each, boxes and their classes.

    `boxes`: float64 (n, 4), left, top, right, bottom in pixels; `labels`: int64 (n,), an index into `classes`.
    """

    classes: tuple[str, ...]
    images: np.ndarray
    boxes: tuple[np.ndarray, ...]
    labels: tuple[np.ndarray, ...]


def read(folder: Path, split: str, channels: int) -> Scenes:
    """The scenes of a split. Raises UserError if they are missing or damaged, of several sizes, or lie outside."""
    path = folder / f"{split}.json"
    try:
        document = json.loads(read_input(path, _MOST_BYTES))
        classes = {entry["id"]: str(entry["name"]) for entry in document["categories"]}
        names = {entry["id"]: str(entry["file_name"]) for entry in document["images"]}
        found = [(a["image_id"], a["category_id"], _corners(a["bbox"])) for a in document["annotations"]]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is not in COCO's format: {error!r}") from None
    for table, known in (("categories", classes), ("images", names)):
        ids = [entry["id"] for entry in document[table]]
        if len(known) < len(ids):
            twice = next(number for number in known if ids.count(number) > 1)
            raise UserError(f"{path}: {ids.count(twice)} of its {table} have the id {twice!r}; annotations name one")
    if not names:
        raise UserError(f"{path} names no images")
    images = {number: _pixels(folder / split / name, channels) for number, name in names.items()}
    sizes = sorted({image.shape[:2] for image in images.values()})
    if len(sizes) > 1:
        shown = " and ".join(f"{height}x{width}" for height, width in sizes[:2])
        raise UserError(
            f"{folder / split}: its pictures have several sizes, {shown}; scale them and their boxes to one"
        )
    places = {number: place for place, number in enumerate(classes)}
    boxes: Mapping[Any, list[np.ndarray]] = {number: [] for number in names}
    labels: Mapping[Any, list[int]] = {number: [] for number in names}
    for image, category, box in found:
        if image not in names or category not in classes:
            raise UserError(f"{path}: an annotation is of image {image}, category {category}, which is not there")
        _require_inside(path, names[image], box, sizes[0])
        boxes[image].append(box)
        labels[image].append(places[category])
    return Scenes(
        tuple(classes.values()),
        np.stack(list(images.values())),
        tuple(np.array(some, dtype=np.float64).reshape(-1, 4) for some in boxes.values()),
        tuple(np.array(some, dtype=np.int64) for some in labels.values()),
    )


def dataset(folder: Path, channels: int, training: bool = True) -> Dataset:
    """The splits train and test. Labels float64 (count, most, 5): class, left, top, right, bottom; -1 for no box.

    `training` False: train is not read. Raises UserError as `read` does, or if the two have other classes.
    """
    train = read(folder, "train", channels) if training else None
    test = read(folder, "test", channels)
    train = train or Scenes(test.classes, test.images[:0], (), ())
    if train.classes != test.classes:
        raise UserError(f"{folder}: train.json and test.json must have the same categories, in one order")
    most = max(1, *(len(some) for scenes in (train, test) for some in scenes.labels))
    labels = [_padded(scenes, most) for scenes in (train, test)]
    return Dataset(folder.name, train.classes, train.images, labels[0], test.images, labels[1])


def _padded(scenes: Scenes, most: int) -> np.ndarray:
    found = np.full((len(scenes.images), most, 5), -1.0)
    for row, boxes, labels in zip(found, scenes.boxes, scenes.labels, strict=True):
        row[: len(labels), 0], row[: len(labels), 1:] = labels, boxes
    return found


def _pixels(path: Path, channels: int) -> np.ndarray:
    image = read_image(path, channels)
    return np.asarray(image).reshape(image.height, image.width, channels)


def _corners(box: Any) -> np.ndarray:
    left, top, width, height = (float(number) for number in box)
    return np.array([left, top, left + width, top + height])


def _require_inside(path: Path, name: str, box: np.ndarray, size: tuple[int, int]) -> None:
    height, width = size
    inside = np.clip(box, 0, [width, height, width, height])
    if np.array_equal(inside, box) and np.all(box[2:] > box[:2]):
        return
    left, top, right, bottom = (f"{number:g}" for number in box)
    near = inside if np.all(inside[2:] > inside[:2]) else np.array([0, 0, width, height])
    bbox = [float(f"{number:g}") for number in (*near[:2], *(near[2:] - near[:2]))]
    raise UserError(
        f"{path}: a box of {name}, from ({left}, {top}) to ({right}, {bottom}), lies outside of the picture of "
        f"{width} x {height} pixels, or is empty; the nearest that does not: bbox = {bbox}"
    )
