"""What lies in a folder of pictures: splits, classes, sizes, colour, and what nobody will read."""

from pathlib import Path

import pytest
from PIL import Image

from hwcodesign.core.errors import UserError
from hwcodesign.data import load_dataset
from hwcodesign.data.survey import survey
from hwcodesign.recipe import DataTable

RED, GREY = (200, 10, 10), (90, 90, 90)


def write(folder: Path, count: int, colour: tuple[int, int, int] = RED, size: tuple[int, int] = (10, 8)) -> None:
    folder.mkdir(parents=True)
    for i in range(count):
        Image.new("RGB", size, colour).save(folder / f"{i}.png")


def test_a_folder_without_splits(tmp_path: Path) -> None:
    write(tmp_path / "cat", 10)
    write(tmp_path / "dog", 5, size=(30, 20))
    found = survey(tmp_path)
    assert (found.splits, found.classes, found.colour) == ({"": {"cat": 10, "dog": 5}}, ("cat", "dog"), True)
    assert found.sizes == ((10, 8), (10, 8), (30, 20))
    assert found.to_train == 12
    assert "20% of each class are held out" in "\n".join(found.lines())


@pytest.mark.parametrize("name", ["test", "val", "validation"])
def test_folders_of_every_usual_name(tmp_path: Path, name: str) -> None:
    write(tmp_path / "train" / "cat", 4)
    write(tmp_path / "train" / "dog", 3)
    write(tmp_path / name / "cat", 2)
    write(tmp_path / name / "dog", 1)
    found = survey(tmp_path)
    assert found.splits == {"train": {"cat": 4, "dog": 3}, name: {"cat": 2, "dog": 1}}
    assert found.to_train == 7


def test_what_is_skipped_is_said_with_the_reason(tmp_path: Path) -> None:
    for split in ("train", "val", "test"):
        write(tmp_path / split / "cat", 2, GREY)
        write(tmp_path / split / "dog", 2, GREY)
    (tmp_path / "train" / "cat" / "1.heic").touch()
    (tmp_path / "train" / "cat" / "2.HEIC").touch()
    (tmp_path / "train" / "cat" / "._0.png").write_bytes(b"what a system leaves behind")
    (tmp_path / "train" / ".thumbnails").mkdir()
    (tmp_path / "train" / ".thumbnails" / "0.db").touch()
    found = survey(tmp_path)
    told = "\n".join(found.skipped)
    assert "2 files .heic (a telephone's format), not read" in told
    assert "files hidden, a system's own" in told
    assert "val: test is held out" in told
    assert not found.colour
    table = DataTable(dataset="folder", size=(8, 8), channels=1, classes=2)
    assert load_dataset(table, tmp_path).train_images.shape == (4, 8, 8, 1)


def test_grey_in_a_format_of_colours_is_grey(tmp_path: Path) -> None:
    write(tmp_path / "cat", 2, GREY)
    write(tmp_path / "dog", 2, (100, 96, 104))  # what JPEG makes of grey
    assert not survey(tmp_path).colour


def test_colour_becomes_grey_only_if_the_recipe_says_so(tmp_path: Path) -> None:
    write(tmp_path / "cat", 4)
    write(tmp_path / "dog", 4)
    silent = DataTable(dataset="folder", size=(8, 8), classes=2)
    with pytest.raises(UserError, match=r"are in colour.*channels = 3, or channels = 1"):
        load_dataset(silent, tmp_path)
    asked = DataTable(dataset="folder", size=(8, 8), classes=2, channels=1)
    assert load_dataset(asked, tmp_path).train_images.shape == (6, 8, 8, 1)


def test_a_folder_with_nothing_to_see(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    with pytest.raises(UserError, match=r"holds no images that could be read(.|\n)*cat holds no images"):
        survey(tmp_path)
    (tmp_path / "cat" / "0.png").write_bytes(b"no image")
    with pytest.raises(UserError, match=r"cannot read the image .*0.png"):
        survey(tmp_path)
