"""Numpy's files, whole and damaged."""

import io
from pathlib import Path

import numpy as np
import pytest

from hwcodesign.core.array_file import read_arrays
from hwcodesign.core.errors import UserError


def test_arrays_come_as_they_were_saved(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", x=np.arange(3), y=np.ones((2, 2)))
    np.save(tmp_path / "a.npy", np.arange(4))
    assert {name: value.tolist() for name, value in read_arrays(tmp_path / "a.npz").items()} == {
        "x": [0, 1, 2],
        "y": [[1, 1], [1, 1]],
    }
    assert read_arrays(tmp_path / "a.npy")[""].tolist() == [0, 1, 2, 3]


def _npy(header: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        b"no array at all",
        _npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}\n"),
        _npy("{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999999,)}\n"),
        _npy("{'descr': '<f8', ((\n"),
        _npy("[" * 2000),
    ],
)
def test_what_holds_no_arrays(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(UserError, match=r"cannot read .*a\.npy"):
        read_arrays(tmp_path / "a.npy")


def test_every_damaged_byte_is_whole_or_refused(tmp_path: Path) -> None:
    made = io.BytesIO()
    np.savez_compressed(made, x=np.arange(50))
    whole = made.getvalue()
    for at in range(len(whole)):
        (tmp_path / "a.npz").write_bytes(whole[:at] + bytes([whole[at] ^ 0x15]) + whole[at + 1 :])
        try:
            read_arrays(tmp_path / "a.npz")
        except UserError as error:
            assert "cannot read" in str(error)
