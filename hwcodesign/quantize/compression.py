"""Float weights made small: magnitude pruning, few shared values, few bits; and what each takes in bytes.

Sources: S. Han, H. Mao, W. J. Dally, Deep Compression, 2016 (pruning, weights that share the values of a codebook,
Huffman codes of both codes and gaps); P. Gysel, M. Motamedi, S. Ghiasi, Ristretto, 2016 (dynamic fixed point: a power
of two as the step of each layer).
"""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hwcodesign.export.deep_compression import Entries, entries_of, gaps_before
from hwcodesign.export.float_weights import Weights

_GAP_BITS = 4
_FLOAT_BYTES = 4
_ROUNDS = 100  # of k-means at most
MOST_CODE_BITS = 8


def pruned(weights: Mapping[str, Weights], keep: float) -> dict[str, Weights]:
    """The share `keep` of all weights, the largest beside their layer's standard deviation; the others become 0.

    Weights that are 0 already do not count in it: they would make a pruned layer's other weights seem large.
    """
    tiny = np.finfo(np.float32).tiny
    left = {name: w.weight[w.weight != 0] for name, w in weights.items()}
    sizes = {name: np.abs(w.weight) / max(float(np.std(left[name])) if left[name].size else 0.0, tiny)
             for name, w in weights.items()}  # fmt: skip
    every = np.concatenate([size.ravel() for size in sizes.values()])
    cut = len(every) - round(keep * len(every))
    least = np.partition(every, cut)[cut] if cut < len(every) else np.inf
    return {name: Weights(np.where(sizes[name] >= least, w.weight, 0), w.bias) for name, w in weights.items()}


def shared(weights: Mapping[str, Weights], bits: int) -> dict[str, Weights]:
    """Each layer's weights other than 0 share 2^bits - 1 values, found by k-means from evenly spaced ones."""
    return {name: Weights(_few_values(w.weight, 2**bits - 1), w.bias) for name, w in weights.items()}


def _few_values(weight: np.ndarray, count: int) -> np.ndarray:
    places = np.flatnonzero(weight)
    values = np.sort(weight.ravel()[places].astype(np.float64))
    if len(np.unique(values)) <= count:
        return weight
    sums = np.concatenate([[0.0], np.cumsum(values)])
    centres = np.linspace(values[0], values[-1], count)
    for _ in range(_ROUNDS):
        ends = np.concatenate([[0], values.searchsorted((centres[1:] + centres[:-1]) / 2), [len(values)]])
        sizes = np.diff(ends)
        moved = np.where(sizes > 0, np.diff(sums[ends]) / np.maximum(sizes, 1), centres)
        if np.array_equal(moved, centres):
            break
        centres = np.sort(moved)
    single = centres.astype(np.float32)
    single = single[single != 0]  # which stands for a weight that is not there
    found = np.zeros(weight.size, np.float32)
    flat = weight.ravel()[places]
    found[places] = single[((single[1:] + single[:-1]) / 2).searchsorted(flat)]
    return found.reshape(weight.shape)


def fixed_point(weights: Mapping[str, Weights], bits: int) -> dict[str, Weights]:
    """Each layer's weights as integers of `bits` bits times a power of two: the smallest that holds the largest."""
    found = {}
    for name, (weight, bias) in weights.items():
        largest, most = float(np.abs(weight).max(initial=0)), 2 ** (bits - 1) - 1
        step = 2.0 ** np.ceil(np.log2(largest / most)) if largest else 1.0
        found[name] = Weights((np.rint(weight / step) * step).astype(np.float32), bias)
    return found


@dataclass(frozen=True)
class Size:
    """What a network takes: all its weights and biases, the weights other than 0, and bytes by way of storing them.

    `codes` are the bits of an entry's code. `file` counts Deep Compression's file with its codebooks of 2^codes values;
    `huffman` the same with Huffman codes for codes and gaps, their code lengths (a byte for each symbol) included.
    """

    parameters: int
    weights: int
    biases: int
    entries: int
    codes: int
    file: int
    huffman: int

    @property
    def as_float32(self) -> int:
        """Bytes of every parameter, zeros too, as float32."""
        return _FLOAT_BYTES * self.parameters

    def dense(self, bits: int) -> int:
        """Bytes of every weight, zeros too, at `bits` bits, and biases as float32."""
        return -(-(self.parameters - self.biases) * bits // 8) + _FLOAT_BYTES * self.biases


def size_of(weights: Mapping[str, Weights], codes: int) -> Size:
    """The sizes of `weights`, of which a layer has at most 2^codes - 1 values beside 0.

    Raises UserError, naming the layer, if it has more than the format's 255.
    """
    stored = [entries_of(name, layer) for name, layer in weights.items()]
    parameters = sum(w.weight.size + w.bias.size for w in weights.values())
    present = sum(np.count_nonzero(w.weight) for w in weights.values())
    entries, biases = sum(len(e.codes) for e in stored), sum(len(e.bias) for e in stored)
    fixed = sum(_FLOAT_BYTES * (1 + 2**codes + len(e.bias)) for e in stored)
    packed = sum(-(-len(e.codes) * codes // 8) + -(-len(e.gaps) * _GAP_BITS // 8) for e in stored)
    return Size(
        parameters, int(present), biases, entries, codes, fixed + packed, fixed + sum(map(_huffman_bytes, stored))
    )


def sparse_bytes(weights: Mapping[str, Weights]) -> int:
    """Bytes of every weight other than 0 as float32 with the gap before it, fillers included, and of all biases."""
    total = 0
    for weight, bias in weights.values():
        entries = len(gaps_before(np.flatnonzero(weight))[0])
        total += _FLOAT_BYTES * (entries + len(bias)) + -(-entries * _GAP_BITS // 8)
    return total


def _huffman_bytes(entries: Entries) -> int:
    bits, table = 0, 0
    for symbols in (entries.codes, entries.gaps):
        counts = np.bincount(symbols)
        bits += huffman_bits(counts.tolist())
        table += len(counts)
    return -(-bits // 8) + table


def huffman_bits(counts: Sequence[int]) -> int:
    """Bits of a text of so many of each symbol in an optimal prefix code: the sum of all joined counts.

    A single symbol takes a bit each.
    """
    heap = [count for count in counts if count]
    if len(heap) < 2:
        return sum(heap)
    heapq.heapify(heap)
    total = 0
    while len(heap) > 1:
        joined = heapq.heappop(heap) + heapq.heappop(heap)
        total += joined
        heapq.heappush(heap, joined)
    return total
