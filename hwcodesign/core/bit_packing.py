"""How elements lie side by side in a beat of a stream and in a word of a memory: element 0 lowest."""

from collections.abc import Sequence

import numpy as np


def pack(codes: np.ndarray, bits: int) -> list[int]:
    """Each row of `codes` (rows, elements; non-negative, below 2**bits) as one integer, element 0 lowest."""
    rows = np.asarray(codes)
    planes = (rows[:, :, None] >> np.arange(bits)) & 1
    packed = np.packbits(planes.reshape(len(rows), rows.shape[1] * bits).astype(np.uint8), axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]


def unpack(words: Sequence[int], elements: int, bits: int) -> np.ndarray:
    """The inverse of `pack`: codes (len(words), elements), int64."""
    length = (elements * bits + 7) // 8
    data = np.frombuffer(b"".join(w.to_bytes(length, "little") for w in words), dtype=np.uint8)
    planes = np.unpackbits(data.reshape(-1, length), axis=1, count=elements * bits, bitorder="little")
    return planes.reshape(-1, elements, bits).astype(np.int64) @ (np.int64(1) << np.arange(bits))
