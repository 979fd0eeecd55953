"""Deep Compression's file of a pruned network whose weights share few values (S. Han, H. Mao, W. J. Dally, 2016).

    one uint32 for each convolution, in order: how many entries it has
    for each convolution:  256 float32 codebook | one float32 bias for each filter | one uint8 code for each entry |
                           4 bits for each entry, two a byte, the lower first: zeros between it and the entry before

A gap of more than 15 zeros is bridged by entries of code 0, whose value is 0: fillers. Little-endian throughout.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from hwcodesign.core.errors import UserError
from hwcodesign.export.float_weights import Weights, shape_of, write_file
from hwcodesign.nets.network import Network

CODEBOOK = 256  # values; the first is 0
LONGEST_GAP = 15  # zeros that 4 bits can count


class Entries(NamedTuple):
    """A convolution as it is stored: `codes` uint8 and `gaps` uint8 of its entries, fillers included."""

    codebook: np.ndarray
    bias: np.ndarray
    codes: np.ndarray
    gaps: np.ndarray


def read(path: Path, network: Network) -> dict[str, Weights]:
    """The weights of every convolution of `network`. Raises UserError if the file is truncated, or of another one."""
    found = {}
    for conv, entries in zip(network.convolutions, read_entries(path, network), strict=True):
        shape = shape_of(network, conv)
        flat = np.zeros(int(np.prod(shape)), np.float32)
        flat[np.cumsum(entries.gaps.astype(np.int64) + 1) - 1] = entries.codebook[entries.codes]
        found[conv.name] = Weights(flat.reshape(shape), entries.bias)
    return found


def read_entries(path: Path, network: Network) -> list[Entries]:
    """The same as stored, in the order of the convolutions. Raises UserError as `read` does, and says where."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    at = 0

    def take(dtype: str, count: int, what: str) -> np.ndarray:
        nonlocal at
        size = count * np.dtype(dtype).itemsize
        if at + size > len(content):
            raise UserError(f"{path} ends in {what}: that takes {size} bytes from byte {at} on, and the file has "
                            f"{len(content)}; it is truncated, or of another network")  # fmt: skip
        values = np.frombuffer(content, dtype, count, at)
        at += size
        return values

    found = []
    for conv, count in zip(network.convolutions, take("<u4", len(network.convolutions), "its header"), strict=True):
        begin, entries = at, int(count)
        codebook = take("<f4", CODEBOOK, f"the codebook of {conv.name}")
        bias = take("<f4", conv.filters, f"the biases of {conv.name}")
        codes = take("u1", entries, f"the {entries} codes of {conv.name}")
        pairs = take("u1", (entries + 1) // 2, f"the gaps of {conv.name}")
        gaps = np.stack([pairs & 15, pairs >> 4], 1).ravel()[:entries]
        reached, weights = entries + int(gaps.sum()), int(np.prod(shape_of(network, conv)))
        if reached > weights:
            raise UserError(f"{path}: the entries of {conv.name}, from byte {begin} on, reach weight {reached - 1} of "
                            f"{weights}: the file is damaged, or of another network")  # fmt: skip
        if not (np.isfinite(codebook).all() and np.isfinite(bias).all()) or codebook[0] != 0:
            raise UserError(f"{path}: the codebook of {conv.name}, from byte {begin} on, must hold finite numbers, the "
                            f"first of them 0: the file is damaged, or of another network")  # fmt: skip
        found.append(Entries(codebook, bias, codes, gaps))
    if at != len(content):
        raise UserError(f"{path} has {len(content) - at} bytes behind its last convolution: it is of another network")
    return found


def write(path: Path, network: Network, weights: dict[str, Weights]) -> int:
    """Write `weights` with at most 255 different values a convolution beside 0; returns the file's bytes.

    Raises UserError naming the convolution that has more, or if it cannot be written.
    """
    stored = [entries_of(conv.name, weights[conv.name]) for conv in network.convolutions]
    parts = [np.array([len(entries.codes) for entries in stored], "<u4").tobytes()]
    for entries in stored:
        gaps = np.append(entries.gaps, 0) if len(entries.gaps) % 2 else entries.gaps
        pairs = (gaps[0::2] | gaps[1::2] << 4).astype(np.uint8)
        parts += [entries.codebook.astype("<f4").tobytes(), entries.bias.astype("<f4").tobytes(),
                  entries.codes.tobytes(), pairs.tobytes()]  # fmt: skip
    return write_file(path, b"".join(parts))


def entries_of(name: str, weights: Weights) -> Entries:
    """One convolution as `write` stores it. Raises UserError if it has more values than a codebook."""
    flat = weights.weight.astype(np.float32).ravel()
    places = np.flatnonzero(flat)
    values = np.unique(flat[places])
    if len(values) >= CODEBOOK:
        raise UserError(f"{name} has {len(values)} different weights beside 0; the format keeps {CODEBOOK - 1}: "
                        "let them share values first")  # fmt: skip
    codebook = np.zeros(CODEBOOK, np.float32)
    codebook[1 : len(values) + 1] = values
    gaps, last = gaps_before(places)
    codes = np.zeros(len(gaps), np.uint8)
    codes[last] = np.searchsorted(values, flat[places]) + 1
    return Entries(codebook, weights.bias.astype(np.float32), codes, gaps)


def gaps_before(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of weights at rising `places`: the zeros before every entry, uint8, and which entries are no fillers."""
    zeros = np.diff(places, prepend=-1) - 1  # before each weight
    fillers = zeros // (LONGEST_GAP + 1)
    last = np.cumsum(fillers + 1) - 1  # where each weight's own entry stands
    gaps = np.full(int((fillers + 1).sum()), LONGEST_GAP, np.uint8)
    gaps[last] = zeros - fillers * (LONGEST_GAP + 1)
    return gaps, last
