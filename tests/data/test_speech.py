"""Folders of words become levels with labels; what is missing is told."""

from pathlib import Path

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.core.log_mel import LogMel
from hwcodesign.data.speech import read
from tests.core.test_log_mel import saved, tone

RECIPE = LogMel(windows=9)


def words(folder: Path, **counts: int) -> Path:
    for word, count in counts.items():
        (folder / word).mkdir(parents=True)
        for number in range(count):
            saved(folder / word / f"{number}.wav", tone(300 + 200 * number, 0.3))
    return folder


def test_without_splits_a_fifth_of_each_word_is_held_out(tmp_path: Path) -> None:
    found = read(words(tmp_path, yes=5, no=5), RECIPE)
    assert found.classes == ("no", "yes") and found.train_images.shape == (8, 9, 10, 1)
    assert sorted(found.test_labels.tolist()) == [0, 1]


def test_with_splits_the_files_of_each(tmp_path: Path) -> None:
    words(tmp_path / "train", up=2)
    words(tmp_path / "test", up=1)
    found = read(tmp_path, RECIPE)
    assert (len(found.train_images), len(found.test_images)) == (2, 1)


def test_refuses_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no subfolders: each word needs one"):
        read(tmp_path, RECIPE)
    words(tmp_path, up=1, down=0)
    with pytest.raises(UserError, match=r"down has no .wav files"):
        read(tmp_path, RECIPE)
