"""Images and labels for training and for the held-out test, as a recipe's [data] table asks for them."""

import dataclasses
from pathlib import Path

from hwcodesign.core.errors import UserError
from hwcodesign.data import arrays, boxes, cifar10, digits, folder, idx, speech
from hwcodesign.data.anomalies import set_apart
from hwcodesign.data.dataset import Dataset, stratified_split
from hwcodesign.data.survey import require_grey
from hwcodesign.recipe import DataTable

__all__ = ["Dataset", "load_dataset", "stratified_split"]


def load_dataset(table: DataTable, data_folder: Path | None, training: bool = True) -> Dataset:
    """The data set that `table` names, read from `data_folder` (not needed for the digits), as its pixels go in.

    `training` False: the training images are not needed. Raises UserError if it is missing, damaged, or has another
    number of channels or classes than the recipe.
    """
    if table.dataset == "folder" and data_folder is not None and "channels" not in table.model_fields_set:
        require_grey(data_folder)
    dataset = _read(table, data_folder, training)
    if training and not len(dataset.train_images):
        raise UserError(f"{data_folder} has no folder train: there is nothing to train with")
    if len(dataset.classes) != table.classes:
        raise UserError(f"data.classes = {table.classes}: {dataset.name} has {len(dataset.classes)} classes; "
                        f"use classes = {len(dataset.classes)}")  # fmt: skip
    if table.normal:
        dataset = set_apart(dataset, table.normal)
    for split, images in (("train", dataset.train_images), ("test", dataset.test_images)):
        if images.shape[3] != table.channels:
            raise UserError(f"data.channels = {table.channels}: the {split} images of {dataset.name} have shape "
                            f"{images.shape[1:]}; they must be (height, width, {table.channels})")  # fmt: skip
    if table.dataset in ("arrays", "speech", "boxes"):
        _require_size(dataset, table)
    if table.dataset == "folder":  # which prepares images one by one: they differ in size
        return dataset
    return dataclasses.replace(
        dataset,
        train_images=table.preprocessing.resized(dataset.train_images),
        test_images=table.preprocessing.resized(dataset.test_images),
    )


def _require_size(dataset: Dataset, table: DataTable) -> None:
    """What is no picture is not scaled; nor are pictures with boxes."""
    found = dataset.test_images.shape[1:3]
    if found != table.size:
        raise UserError(f"data.size = {list(table.size)}: {dataset.name} has {found[0]} x {found[1]} numbers, which "
                        f"are not scaled; use size = {list(found)}")  # fmt: skip


def _read(table: DataTable, data_folder: Path | None, training: bool) -> Dataset:
    if table.dataset == "none":
        raise UserError(
            "this recipe has no data (data.dataset = 'none'): it cannot be trained; "
            "check it as it is, or run it with random weights: --untrained"
        )
    if table.dataset == "digits":
        return digits.read(table.channels)
    if data_folder is None:
        raise UserError(f"data.dataset = {table.dataset!r} needs a folder with the data: --data FOLDER")
    if not data_folder.is_dir():
        raise UserError(f"--data {data_folder}: there is no such folder")
    if table.dataset == "folder":
        return folder.read(data_folder, table.preprocessing, training)
    if table.log_mel is not None:
        return speech.read(data_folder, table.log_mel)
    if table.dataset == "boxes":
        return boxes.dataset(data_folder, table.channels, training)
    readers = {"arrays": arrays.read, "idx": idx.read, "cifar10": cifar10.read}
    return readers[table.dataset](data_folder, table.channels)
