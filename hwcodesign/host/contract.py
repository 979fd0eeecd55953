"""What a host must know about the design on a board: `contract.json`, which travels with every bitstream."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from hwcodesign.core.array_file import read_arrays
from hwcodesign.core.errors import UserError
from hwcodesign.core.integers import IntType
from hwcodesign.core.interface import WEIGHTS, Interface, frame_bytes
from hwcodesign.core.picture_task import PictureTask
from hwcodesign.core.preprocessing import Preprocessing
from hwcodesign.core.score_map import ScoreMap

CONTRACT = "contract.json"
SELFTEST = "selftest.npz"
FORMAT = 3  # of the file: a change of its meaning raises it


@dataclass(frozen=True)
class Contract:
    """A design's streams, what its numbers mean, and its link.

    The network takes images of `in_shape` (height, width, channels); an integer of `in_type` times `input_scale` is
    the real number that it was trained on (for raw pixels the scale is 1). It gives `classes` integer scores, which
    mean what `score_map` says, and then the `top` best classes. `design_hash` (16 hexadecimal digits) is what the board
    answers when it is asked what it is. `window` images may be on their way at once, and `patience`
    seconds without an answer mean that they were lost. `weights_sha256` is that of the file WEIGHTS beside the
    contract, which a design with loaded memories is sent after every reset; "" where there are none. `task` says how
    pictures were prepared in training and what the classes are called; None for a model of which nobody knows.
    """

    network: str
    design_hash: str
    in_shape: tuple[int, int, int]
    in_type: IntType
    input_scale: float
    classes: int
    top: int
    score_map: ScoreMap
    interface: Interface
    link: Literal["uart", "axi-dma"]
    baud: int = 0
    window: int = 1
    patience: float = 1.0
    weights_sha256: str = ""
    task: PictureTask | None = None

    @property
    def image_bytes(self) -> int:
        """What one image takes on the line."""
        return self.interface.frame_bytes

    @property
    def result_bytes(self) -> int:
        """What the scores and classes of one image take on the line."""
        return self.interface.out_bytes * self.interface.out_beats

    @property
    def pictures(self) -> PictureTask:
        """`task`; where nobody knows it, whole pictures in RGB and classes without names."""
        return self.task or PictureTask(Preprocessing(self.in_shape[:2], self.in_shape[2]))

    def save(self, folder: Path) -> None:
        """Write `contract.json` into `folder`."""
        document = {"format": FORMAT} | asdict(self) | {"in_type": str(self.in_type)}
        (folder / CONTRACT).write_text(json.dumps(document, indent=1) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "Contract":
        """Read what `save` wrote. Raises UserError if it is not there or not whole."""
        path = folder / CONTRACT
        try:
            document = json.loads(path.read_text())
            version = document.pop("format")
            if version != FORMAT:
                newer = isinstance(version, int) and version > FORMAT
                age, update = ("a newer", "update hwcodesign, or ") if newer else ("an earlier", "")
                raise UserError(
                    f"{path} was written by {age} version of hwcodesign (it is of format {version!r}; this one reads "
                    f"format {FORMAT}): {update}build the bitstream again"
                )
            return cls(**document | _typed(document))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(f"{path} is not the contract of a design: {error!r}") from None

    def prepare(self, images: np.ndarray | Sequence[np.ndarray]) -> np.ndarray:
        """Images as the integers that the network takes: (N, H, W, C) int64.

        Integers are taken as they are; floating-point numbers are the real inputs, and become the nearest integers.
        One image (H, W, C), and images of one channel without their last axis, are understood. Raises UserError for
        another size, type or range.
        """
        try:
            array = np.asarray(images)
        except ValueError:
            raise UserError("the images are of different sizes: scale them first") from None
        if array.dtype.kind not in "iuf":
            raise UserError(f"images must be an array of numbers, not of {array.dtype}")
        frames = self._with_all_axes(array)
        if frames.dtype.kind == "f":
            frames = np.rint(frames / self.input_scale)
        low, high = self.in_type.min, self.in_type.max
        if frames.size and not (low <= frames.min() and frames.max() <= high):
            step = f" steps of {self.input_scale:g}" if array.dtype.kind == "f" else ""
            raise UserError(
                f"image values run from {frames.min():g} to {frames.max():g}{step}; {self.network} takes "
                f"{self.in_type}, {low} to {high}{step}"
            )
        whole: np.ndarray = frames.astype(np.int64)
        if self.in_type.bipolar and not whole.all():
            raise UserError(f"{self.network} takes bipolar images: -1 and 1, no 0")
        return whole

    def _with_all_axes(self, array: np.ndarray) -> np.ndarray:
        for axes in ((), (-1,), (0,), (0, -1)):  # a missing channel axis, a single image, both
            wider = np.expand_dims(array, axes)
            if wider.ndim == len(self.in_shape) + 1 and wider.shape[1:] == self.in_shape:
                return wider
        raise UserError(f"images of shape {array.shape} do not fit: {self.network} takes (N, H, W, C) with (H, W, C) = "
                        f"{self.in_shape}; scale them first")  # fmt: skip

    def weights(self, folder: Path) -> list[bytes]:
        """What loads the memories after a reset, in pieces of an image's size, from the contract's `folder`.

        Raises UserError if the file is not there or not this design's.
        """
        if not self.weights_sha256:
            return []
        path, size = folder / WEIGHTS, self.image_bytes
        if not path.is_file():
            raise UserError(f"{self.network} has weights that are loaded after reset, but there is no {path}: it was "
                            "made with the bitstream, copy it too")  # fmt: skip
        data = path.read_bytes()
        if digest_of(data) != self.weights_sha256:
            raise UserError(f"{path} does not hold the weights of {self.network}, {self.design_hash}: copy it again")
        return [data[at : at + size] for at in range(0, len(data), size)]

    def payloads(self, frames: np.ndarray) -> list[bytes]:
        """Prepared images (N, H, W, C) as the bytes that travel: every beat with its lowest byte first."""
        return list(frame_bytes(frames, self.in_type, self.interface, "little"))

    def values(self, payloads: Sequence[bytes]) -> np.ndarray:
        """What came back, (N, classes + top) int64: the scores, then the classes with the highest, best first.

        Raises UserError for results of another length, or with a class that there is not.
        """
        if any(len(payload) != self.result_bytes for payload in payloads):
            lengths = sorted({len(payload) for payload in payloads})
            raise UserError(f"{self.network} gives results of {self.result_bytes} bytes, but {lengths} came: "
                            "is it this design that is on the board?")  # fmt: skip
        size = self.interface.out_bytes
        numbers = [
            int.from_bytes(payload[at : at + size], "little", signed=True)
            for payload in payloads
            for at in range(0, self.result_bytes, size)
        ]
        values = np.array(numbers, dtype=np.int64).reshape(len(payloads), self.interface.out_beats)
        named = values[:, self.classes :]
        if named.size and not (named.min() >= 0 and named.max() < self.classes):
            raise UserError(f"{self.network} has the classes 0 to {self.classes - 1}, but the board named "
                            f"{named.min()} to {named.max()}: is it this design that is on the board?")  # fmt: skip
        return values


def contracts_below(folder: Path) -> list[tuple[Path, Contract]]:
    """The contracts in `folder`, in its subfolders and in theirs, each with its own folder, sorted by path.

    So a bitstream's folder, the folder of a run, and the folder of all runs will do. Raises UserError if there is none.
    """
    found = sorted({path.parent for depth in ("", "*/", "*/*/") for path in folder.glob(f"{depth}{CONTRACT}")})
    if not found:
        raise UserError(f"no {CONTRACT} in {folder} or below: name the folder of the bitstream, or of its run")
    return [(path, Contract.load(path)) for path in found]


def load_selftest(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """The images (N, H, W, C) that travel with a bitstream, and the values that must come back for them.

    Raises UserError if they are not there.
    """
    arrays = read_arrays(folder / SELFTEST)
    if not {"images", "values"} <= set(arrays):
        raise UserError(f"{folder / SELFTEST} holds no self-test: images and values are not in it")
    return arrays["images"], arrays["values"]


def digest_of(data: bytes) -> str:
    """The SHA-256 of a file's contents, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def _typed(document: dict[str, Any]) -> dict[str, Any]:
    height, width, channels = document["in_shape"]
    return {
        "in_shape": (height, width, channels),
        "in_type": IntType.parse(document["in_type"]),
        "score_map": ScoreMap.parse(document["score_map"]),
        "interface": Interface(**document["interface"]),
        "task": PictureTask.from_json(document["task"]) if document["task"] else None,
    }
