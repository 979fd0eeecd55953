"""Spoken words in WAV files, as log-mel levels: `train` and `test`, each with one subfolder per word.

    speech/train/yes/1.wav    speech/test/no/7.wav        without train and test, a fifth of each word is held out

Google's Speech Commands, unpacked, are such a folder (P. Warden, Speech commands, 2018).
"""

from pathlib import Path

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.core.log_mel import SUFFIX, LogMel
from hwcodesign.data.dataset import Dataset, held_apart


def read(folder: Path, recipe: LogMel) -> Dataset:
    """All files of the folder. Raises UserError if there are none, if splits differ in words, or a file is unfit."""
    words = _words(folder / "test" if (folder / "test").is_dir() else folder)
    if (folder / "test").is_dir() and (folder / "train").is_dir():
        (train, train_labels), (test, test_labels) = (
            _part(folder / split, words, recipe) for split in ("train", "test")
        )
        return Dataset(folder.name, words, train, train_labels, test, test_labels)
    levels, labels = _part(folder, words, recipe)
    kept, held_out = held_apart(labels)
    return Dataset(folder.name, words, levels[kept], labels[kept], levels[held_out], labels[held_out])


def _words(folder: Path) -> tuple[str, ...]:
    found = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "_")))
    if not found:
        raise UserError(f"{folder} has no subfolders: each word needs one with its {SUFFIX} files")
    return tuple(found)


def _part(folder: Path, words: tuple[str, ...], recipe: LogMel) -> tuple[np.ndarray, np.ndarray]:
    if _words(folder) != words:
        raise UserError(f"{folder} has the words {', '.join(_words(folder))}, but the test has {', '.join(words)}")
    paths = [(path, label) for label, word in enumerate(words) for path in sorted((folder / word).glob(f"*{SUFFIX}"))]
    missing = sorted(set(range(len(words))) - {label for _, label in paths})
    if missing:
        raise UserError(f"{folder / words[missing[0]]} has no {SUFFIX} files")
    levels = np.stack([recipe.read(path) for path, _ in paths])
    return levels, np.array([label for _, label in paths], dtype=np.int64)
