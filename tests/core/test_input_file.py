"""What a user names as a file is one, and ends."""

import os
from pathlib import Path

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.core.input_file import read_input, require_file


def test_the_content_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert read_input(tmp_path / "a", 3) == b"abc"
    with pytest.raises(UserError, match="longer than 2 bytes"):
        read_input(tmp_path / "a", 2)


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, kind in ((tmp_path, "a folder"), (tmp_path / "pipe", "a named pipe"), (Path("/dev/zero"), "a device")):
        for look in (require_file, lambda path: read_input(path, 10)):
            with pytest.raises(UserError, match=f"is {kind}, not a file"):
                look(path)


@pytest.mark.parametrize("name", ["none", "file/below", "x" * 300, "null\0"])
def test_a_path_that_leads_nowhere(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"there is no file|cannot read"):
        read_input(tmp_path / name, 10)
