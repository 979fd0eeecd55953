"""What the bench's source reads besides frames, and what its sink wrote: scores and classes, with their cycles."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwcodesign.core.integers import IntType
from hwcodesign.core.interface import WEIGHTS, Interface


def weight_bytes(emitted: Path, interface: Interface) -> bytes:
    """What loads the memories of an emitted design after a reset, every beat with its most significant byte first."""
    if not interface.weight_frames:
        return b""
    beats = np.frombuffer((emitted / WEIGHTS).read_bytes(), dtype=np.uint8).reshape(-1, interface.in_bytes)
    return beats[:, ::-1].tobytes()


@dataclass(frozen=True)
class StreamResults:
    """What left the hardware: `values` (frames, beats of a frame) int64, and the cycle of each frame's last beat.

    `beats` counts all beats, also those of an unfinished frame at the end; `wrong_last` is the first beat with a tlast
    that should not be there, or without one (None: all are right).
    """

    values: np.ndarray
    last_cycles: np.ndarray
    beats: int
    wrong_last: int | None


def read_results(path: Path, interface: Interface) -> StreamResults:
    """Parse the sink's file of `cycle last hexdata` lines; an unfinished frame at the end is left out."""
    lines = [line.split() for line in path.read_text().splitlines()]
    whole = len(lines) // interface.out_beats * interface.out_beats
    shape = (-1, interface.out_beats)
    words = np.array([int(data, 16) for _, _, data in lines[:whole]], dtype=np.int64).reshape(shape)
    cycles = np.array([int(cycle) for cycle, _, _ in lines[:whole]], dtype=np.int64).reshape(shape)
    last = interface.out_beats - 1
    wrong = [at for at, (_, tlast, _) in enumerate(lines) if (tlast == "1") != (at % interface.out_beats == last)]
    values = IntType(8 * interface.out_bytes, signed=True).decode(words)
    return StreamResults(values, cycles[:, -1], len(lines), wrong[0] if wrong else None)
