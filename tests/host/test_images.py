"""Picture files on the host become the very bytes that training, quantization and verification saw."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hwcodesign.core.errors import UserError
from hwcodesign.core.integers import IntType
from hwcodesign.core.picture_task import PictureTask
from hwcodesign.data import load_dataset
from hwcodesign.data.folder import read_unlabelled
from hwcodesign.export.picture_task import task_of
from hwcodesign.host.images import read_images
from hwcodesign.recipe import DataTable
from tests.core.test_log_mel import saved, tone
from tests.host.test_contract import PIXELS

SIZES = ((40, 25), (25, 40), (16, 12), (70, 71))  # width, height; one has the network's size
COLOUR = {"dataset": "folder", "size": (12, 16), "channels": 3, "classes": 2}
TABLES = (
    COLOUR | {"channel_order": "bgr", "resize": "stretch", "resize_to": 18},
    COLOUR | {"resize": "shorter side", "resize_to": 17, "mean": [1, 2, 3], "divisor": 2},
    COLOUR | {"channel_order": "bgr"},
    COLOUR | {"channels": 1, "resize": "shorter side", "resize_to": 16},
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of several sizes and formats in two classes."""
    random = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("pictures")
    for i, (width, height) in enumerate(SIZES):
        where = path / "val" / ("cat", "dog")[i % 2]
        where.mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(random.integers(0, 256, (height, width, 3), dtype=np.uint8))
        picture.save(where / f"{i}.{('jpg', 'png')[i // 2]}")
    return path


@pytest.mark.parametrize("values", TABLES)
def test_equal_to_the_byte(values: dict[str, object], folder: Path) -> None:
    table = DataTable.model_validate(values)
    paths = sorted((folder / "val").rglob("*.*"))
    contract = replace(PIXELS, in_shape=(12, 16, table.channels), task=task_of(table, ("cat", "dog")))
    pixels = read_images(paths, contract, resize=table.resize_to is None)
    dataset = load_dataset(table, folder, training=False)
    assert np.array_equal(pixels, dataset.test_images) and pixels.dtype == np.uint8
    assert np.array_equal(pixels, read_unlabelled(folder / "val", table.preprocessing, len(SIZES)))
    assert dataset.classes == contract.pictures.class_names


def test_order_and_crop_make_a_difference(folder: Path) -> None:
    """What a contract without its task would have fed: the test above sees the difference."""
    table = DataTable.model_validate(TABLES[0])
    path = [next((folder / "val").rglob("0.*"))]
    contract = replace(PIXELS, in_shape=(12, 16, 3), task=task_of(table, ()))
    told, untold = (read_images(path, c, resize=True) for c in (contract, replace(contract, task=None)))
    swapped = replace(contract, task=task_of(table.model_copy(update={"channel_order": "rgb"}), ()))
    assert np.array_equal(read_images(path, swapped), told[..., ::-1]) and not np.array_equal(told, untold)


def test_another_size_is_refused_where_training_knew_one_alone(folder: Path) -> None:
    path = [next((folder / "val").rglob("0.*"))]
    contract = replace(PIXELS, in_shape=(12, 16, 3), task=task_of(DataTable.model_validate(TABLES[2]), ()))
    with pytest.raises(UserError, match=r"40 x 25 pixels; tiny takes 16 x 12: scale it, or add --resize"):
        read_images(path, contract)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    height, width, _ = PIXELS.in_shape
    pixels = np.arange(height * width, dtype=np.uint8).reshape(height, width)
    Image.fromarray(pixels).save(tmp_path / "image.png")
    return tmp_path / "image.png"


def test_an_image_of_the_right_size_is_taken_as_it_is(image: Path) -> None:
    found = read_images([image, image], replace(PIXELS, in_shape=(*PIXELS.in_shape[:2], 1)))
    assert found.dtype == np.uint8 and len(found) == 2
    assert (found[0, :, :, 0] == np.asarray(Image.open(image))).all()


def test_grey_becomes_three_equal_channels(image: Path) -> None:
    found = read_images([image], replace(PIXELS, in_shape=(*PIXELS.in_shape[:2], 3)))
    assert (found[..., 0] == found[..., 2]).all()


def test_another_size_is_refused_or_scaled(image: Path) -> None:
    height, width, _ = PIXELS.in_shape
    other = replace(PIXELS, in_shape=(height + 2, width + 1, 1))
    with pytest.raises(UserError, match=f"has {width} x {height} pixels; .* takes {width + 1} x {height + 2}"):
        read_images([image], other)
    assert read_images([image], other, resize=True).shape == (1, height + 2, width + 1, 1)


@pytest.mark.parametrize("change", [{"in_type": IntType(4, signed=True)}, {"in_shape": (4, 4, 2)}])
def test_a_network_that_takes_no_pixels_says_what_it_takes(image: Path, change: dict[str, object]) -> None:
    with pytest.raises(UserError, match=r"use hwcodesign\.host\.Accelerator with arrays"):
        read_images([image], replace(PIXELS, **change))


def test_a_network_that_hears_takes_wav_files(tmp_path: Path) -> None:
    """The recipe travels in the contract, so that the host makes the levels that training saw."""
    table = DataTable.model_validate({"dataset": "speech", "size": (9, 6), "classes": 2, "audio": {"rate": 8_000}})
    task = PictureTask.from_json(json.loads(json.dumps(task_of(table, ("no", "yes")).to_json())))
    contract = replace(PIXELS, in_shape=(9, 6, 1), task=task)
    path = saved(tmp_path / "word.wav", tone(700, 0.3, 8_000), rate=8_000)
    assert table.log_mel is not None
    assert np.array_equal(read_images([path], contract), table.log_mel.read(path)[None])
    with pytest.raises(UserError, match=r"16,000 samples per second .* the network takes 8,000"):
        read_images([saved(tmp_path / "other.wav", tone(700, 0.3))], contract)
