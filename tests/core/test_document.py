"""Files of a run folder: written with format and version, and refused in words when they are anything else."""

import json
from pathlib import Path
from zipfile import BadZipFile

import pytest

from hwcodesign.core.document import Document, reading
from hwcodesign.core.errors import UserError


class Frog(Document):
    FORMAT = "pond.frog"
    VERSION = 3
    legs: int


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    Frog.write(tmp_path / "frog.json", {"legs": 4})
    assert json.loads((tmp_path / "frog.json").read_text()) == {"format": "pond.frog", "version": 3, "legs": 4}
    assert Frog.read(tmp_path / "frog.json").legs == 4


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"format": "pond.frog", "version": 2, "legs": 4}', "by an earlier version of hwcodesign"),
        ('{"format": "pond.frog", "version": 4, "legs": 4}', "by a newer version of hwcodesign"),
        ('{"format": "toad", "version": 3}', r"it says 'toad', version 3; this one reads version 3"),
        ('{"legs": 4}', "an earlier version"),
        ('{"format": "pond.frog", "version": 3}', r"is damaged \(legs: Field required\)"),
        ('{"format": "pond.frog", "version": 3, "legs": 4, "tail": 1}', r"is damaged \(tail: "),
        ("[1, 2]", "it holds no object"),
        ("{", "is damaged"),
    ],
)
def test_what_is_no_such_document_says_what_makes_it_anew(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "lower" / "frog.json"
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(UserError, match=message) as refused:
        Frog.read(path)
    assert str(path) in str(refused.value) and "--from lower" in str(refused.value)


def test_a_missing_file_is_a_user_error_with_the_systems_words(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file or directory"):
        Frog.read(tmp_path / "none.json")


@pytest.mark.parametrize("error", [KeyError("x"), EOFError(), BadZipFile("not a zip"), UnicodeError("byte 0xff")])
def test_whatever_contents_raise_becomes_words(error: Exception) -> None:
    with pytest.raises(UserError, match="is damaged"), reading(Path("plan/plan.json")):
        raise error


def test_interrupts_and_our_own_errors_pass() -> None:
    with pytest.raises(KeyboardInterrupt), reading(Path("x")):
        raise KeyboardInterrupt
    with pytest.raises(UserError, match=r"^ours$"), reading(Path("x")):
        raise UserError("ours")
