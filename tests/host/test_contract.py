"""What a host knows about a design: the file, and how images are prepared and results read by it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.core.interface import Interface
from hwcodesign.core.picture_task import PictureTask
from hwcodesign.core.preprocessing import Preprocessing
from hwcodesign.core.score_map import ScoreMap
from hwcodesign.dataflow import IntType
from hwcodesign.host.contract import CONTRACT, SELFTEST, Contract, contracts_below, load_selftest

PIXELS = Contract(
    network="tiny",
    design_hash="00ff00ff00ff00ff",
    in_shape=(2, 4, 1),
    in_type=IntType(8, False),
    input_scale=1.0,
    classes=3,
    top=1,
    score_map=ScoreMap.of(np.array([0.5, 0.25, 0.1]), np.array([0.0, -1.0, 1e-3])),
    interface=Interface(2, 8, 2, 4, 12, 2, 4),
    link="uart",
    baud=115200,
)
TASK = PictureTask(
    Preprocessing((2, 4), 1, "bgr", "shorter side", 9), (104.0, 117.0, 123.0), (1.0,), ("cat", "dog"), True
)
SCALED = replace(PIXELS, in_type=IntType(4, True), input_scale=0.25)
IMAGES = np.arange(16).reshape(2, 2, 4, 1)


@pytest.mark.parametrize("contract", [SCALED, replace(PIXELS, task=TASK)])
def test_the_file_gives_the_contract_back(contract: Contract, tmp_path: Path) -> None:
    contract.save(tmp_path)
    assert Contract.load(tmp_path) == contract


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', '{"format": 2}'])
def test_a_damaged_file_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / CONTRACT).write_text(text)
    with pytest.raises(UserError, match=CONTRACT):
        Contract.load(tmp_path)


def test_a_file_with_a_field_more_is_refused(tmp_path: Path) -> None:
    PIXELS.save(tmp_path)
    document = json.loads((tmp_path / CONTRACT).read_text()) | {"colour": "blue"}
    (tmp_path / CONTRACT).write_text(json.dumps(document))
    with pytest.raises(UserError, match="colour"):
        Contract.load(tmp_path)


def test_contracts_are_found_two_folders_down(tmp_path: Path) -> None:
    deep = tmp_path / "run" / "bitstream"
    deep.mkdir(parents=True)
    PIXELS.save(deep)
    for start in (deep, deep.parent, tmp_path):
        assert contracts_below(start) == [(deep, PIXELS)]
    with pytest.raises(UserError, match="no contract"):
        contracts_below(tmp_path / "elsewhere")


def test_a_selftest_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=SELFTEST):
        load_selftest(tmp_path)


@pytest.mark.parametrize(
    "images", [IMAGES, IMAGES[..., 0], IMAGES.astype(np.uint8), IMAGES.astype(float), list(IMAGES)]
)
def test_many_images_are_understood(images: np.ndarray) -> None:
    assert (PIXELS.prepare(images) == IMAGES).all()


@pytest.mark.parametrize("image", [IMAGES[0], IMAGES[0, ..., 0]])
def test_one_image_is_understood(image: np.ndarray) -> None:
    assert (PIXELS.prepare(image) == IMAGES[:1]).all()


def test_no_image_is_understood() -> None:
    assert PIXELS.prepare(IMAGES[:0]).shape == (0, 2, 4, 1)
    assert PIXELS.values([]).shape == (0, 4)


def test_real_numbers_become_the_nearest_integers() -> None:
    real = np.full((1, 2, 4, 1), 0.6) - np.array([0, 1, 2, 0]).reshape(1, 1, 4, 1)
    assert SCALED.prepare(real)[0, 0, :, 0].tolist() == [2, -2, -6, 2]


@pytest.mark.parametrize(
    ("contract", "images", "message"),
    [
        (PIXELS, np.zeros((1, 3, 4, 1)), r"\(1, 3, 4, 1\) do not fit"),
        (PIXELS, np.zeros((2, 4, 3)), "do not fit"),
        (PIXELS, [np.zeros((2, 4)), np.zeros((2, 5))], "different sizes"),
        (PIXELS, np.full((2, 4), "cat"), "numbers"),
        (PIXELS, np.full((2, 4), 256), "256"),
        (PIXELS, np.full((2, 4), -1), "uint8, 0 to 255"),
        (PIXELS, np.full((2, 4), np.nan), "nan"),
        (SCALED, np.full((2, 4), 2.0), "steps of 0.25"),
        (replace(PIXELS, in_type=IntType(1, True)), np.zeros((2, 4)), "no 0"),
    ],
)
def test_images_that_do_not_fit_are_refused(contract: Contract, images: np.ndarray, message: str) -> None:
    with pytest.raises(UserError, match=message):
        contract.prepare(images)


def test_eight_bit_pixels_travel_as_they_are() -> None:
    assert PIXELS.payloads(IMAGES) == [bytes(range(8)), bytes(range(8, 16))]


def test_narrow_elements_are_packed_into_beats() -> None:
    narrow = replace(SCALED, interface=Interface(2, 4, 1, 4, 12, 2, 4))
    frame = np.array([1, -1, 2, -2, 3, -3, 7, -8]).reshape(1, 2, 4, 1)
    assert narrow.payloads(frame) == [bytes([0xF1, 0xE2, 0xD3, 0x87])]


def test_results_are_signed_numbers_lowest_byte_first() -> None:
    assert PIXELS.values([bytes([1, 0, 0xFF, 0xFF, 0, 0x80, 2, 0])]).tolist() == [[1, -1, -32768, 2]]
