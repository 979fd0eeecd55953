"""The streams of an emitted top level as its host sees them: beats, bytes, and how a frame becomes them."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from hwcodesign.core.bit_packing import pack
from hwcodesign.core.integers import IntType

WEIGHTS = "weights.bin"  # in the emitted folder of a design with loaded memories: its beats, lowest byte first


@dataclass(frozen=True)
class Interface:
    """What a host must know to talk to the emitted top level. `beats` are per frame, `element_bits` per lane.

    `weight_frames`: how many frames' beats load the memories after a reset; 0 where none is loaded.
    """

    in_lanes: int
    in_element_bits: int
    in_bytes: int
    in_beats: int
    out_element_bits: int
    out_bytes: int
    out_beats: int
    weight_frames: int = 0

    @property
    def frame_bytes(self) -> int:
        """Bytes of one input frame's beats."""
        return self.in_bytes * self.in_beats

    @classmethod
    def load(cls, folder: Path) -> "Interface":
        """Read it from an emitted folder."""
        return cls(**json.loads((folder / "interface.json").read_text()))

    def save(self, folder: Path) -> None:
        """Write it into an emitted folder."""
        (folder / "interface.json").write_text(json.dumps(asdict(self), indent=1) + "\n")


def frame_bytes(
    frames: np.ndarray, int_type: IntType, interface: Interface, order: Literal["big", "little"] = "big"
) -> Iterator[bytes]:
    """Each frame (H, W, C) as its beats, every beat padded to whole bytes, most significant byte first or last."""
    for frame in frames:
        beats = pack(int_type.encode(frame).reshape(interface.in_beats, interface.in_lanes), int_type.bits)
        yield b"".join(beat.to_bytes(interface.in_bytes, order) for beat in beats)
