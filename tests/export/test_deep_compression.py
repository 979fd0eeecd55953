"""Deep Compression's file, both ways: long gaps, odd numbers of entries, and every sort of damage."""

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.export.deep_compression import CODEBOOK, entries_of, read, read_entries, write
from hwcodesign.export.float_weights import Weights
from tests.export.weight_files import NETWORK, sparse


@pytest.mark.parametrize("keep", [0.005, 0.1, 0.9])
def test_both_ways(tmp_path, keep):
    """At 0.5 % the gaps need fillers."""
    weights = sparse(keep=keep)
    size = write(tmp_path / "a.net", NETWORK, weights)
    assert size == (tmp_path / "a.net").stat().st_size
    found = read(tmp_path / "a.net", NETWORK)
    for name, (weight, bias) in weights.items():
        assert np.array_equal(found[name].weight, weight) and np.array_equal(found[name].bias, bias)
    write(tmp_path / "b.net", NETWORK, found)
    assert (tmp_path / "a.net").read_bytes() == (tmp_path / "b.net").read_bytes()


def test_fillers_by_hand():
    weight = np.zeros((1, 1, 1, 40), np.float32)
    weight[..., [0, 15, 32]] = 1, 2, 3  # 14 and 16 zeros between them
    entries = entries_of("x", Weights(weight, np.zeros(1, np.float32)))
    assert entries.codes.tolist() == [1, 2, 0, 3] and entries.gaps.tolist() == [0, 14, 15, 0]


def test_the_size_by_counting(tmp_path):
    size = write(tmp_path / "a.net", NETWORK, sparse())
    stored = read_entries(tmp_path / "a.net", NETWORK)
    entries = [len(e.codes) for e in stored]
    wanted = sum(4 + 4 * CODEBOOK + 4 * len(e.bias) + n + (n + 1) // 2 for e, n in zip(stored, entries, strict=True))
    assert size == wanted


def test_too_many_values():
    weight = np.arange(300, dtype=np.float32).reshape(1, 3, 10, 10)
    with pytest.raises(UserError, match=r"x has 299 different weights beside 0; the format keeps 255"):
        entries_of("x", Weights(weight, np.zeros(1, np.float32)))


def test_damage_is_told_with_its_place(tmp_path):
    path = tmp_path / "a.net"
    write(path, NETWORK, sparse())
    whole = path.read_bytes()
    for size, where in ((3, "its header"), (100, "the codebook of conv1"), (len(whole) - 1, "the gaps of conv4")):
        path.write_bytes(whole[:size])
        with pytest.raises(UserError, match=f"ends in {where}"):
            read(path, NETWORK)
    path.write_bytes(whole + b"\0")
    with pytest.raises(UserError, match="1 bytes behind its last convolution"):
        read(path, NETWORK)
    header = 4 * len(NETWORK.convolutions)
    path.write_bytes(whole[:header] + b"\0\0\x80\x3f" + whole[header + 4 :])
    with pytest.raises(UserError, match="codebook of conv1, from byte 32 on"):
        read(path, NETWORK)
    gaps = header + 4 * CODEBOOK + 4 * 4 + int.from_bytes(whole[:4], "little")
    path.write_bytes(whole[:gaps] + b"\xff" * 5 + whole[gaps + 5 :])
    with pytest.raises(UserError, match=r"entries of conv1, from byte 32 on, reach weight \d+ of 108"):
        read(path, NETWORK)
