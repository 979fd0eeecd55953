"""The job: what a run works on, for which hardware, and how. The stages are made from it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hwcodesign.core.integers import PIXEL, IntType
from hwcodesign.core.run_folder import RunFolder, listing
from hwcodesign.fpga.board import Board
from hwcodesign.recipe import HardwareTable, Recipe


@dataclass(frozen=True)
class QuantizeRequest:
    """What to quantize: the file of float weights, where calibration images come from, how many, how far to equalize.

    `calibration` None: the folder `calibration` of the data, else the data set's training images. `reconstruct`: then
    each block learns for so many steps from the float network's; `distil`: then the whole for so many epochs, both on
    all images that are there. `equalization` None: as far as suits the bits. `fewer`: where there are not so many
    images as that, all of them do.
    """

    weights: Path
    calibration: Path | None = None
    images: int = 256
    equalization: float | None = None
    reconstruct: int = 0
    distil: int = 0
    fewer: bool = False


@dataclass(frozen=True)
class Job:
    """What a run works on: a recipe, or (`model`) somebody's QONNX file; the hardware it is for; and how to run it.

    `input_scale` is the real value of one step of the model's input (None: the model's own default), `output` the one
    that is wanted of several outputs. `images` is an .npy file of frames (N, H, W, C) to simulate instead of the
    default; `frames` bounds how many. `untrained` puts random weights in place of training. `seed` is that of the
    placement; `backend`: our own bitstream flow, or FINN's. `wait`: until another process is done with the run folder.
    `quantize`: float weights in place of training.
    """

    run: RunFolder
    hardware: HardwareTable
    recipe: Recipe | None = None
    model: Path | None = None
    input_type: IntType = PIXEL
    input_scale: float | None = None
    output: str | None = None
    data_folder: Path | None = None
    device: str = "auto"
    images: Path | None = None
    frames: int | None = None
    wave: bool = False
    untrained: bool = False
    shipped: Path | None = None
    force: bool = False
    seed: int = 1
    backend: str = "own"
    wait: bool = True
    quantize: QuantizeRequest | None = None

    @cached_property
    def board(self) -> Board:
        return self.hardware.load_board()

    @cached_property
    def data(self) -> str | None:
        """What tells the data from other data: the names and sizes of the files, wherever the folder lies."""
        return None if self.data_folder is None else listing(self.data_folder)

    @property
    def held_out(self) -> Path | None:
        """The images that a recipe's reference is measured on, with their scores, once they are exported."""
        path = self.run.stage("export") / "reference.npz"
        return path if self.model is None and path.exists() else None

    @property
    def qonnx(self) -> Path:
        """The file that lowering starts from."""
        return self.model or self.run.stage("export") / "model.onnx"

    @property
    def reference_files(self) -> tuple[Path, ...]:
        """`held_out`, where there is one, as a stage's inputs."""
        return (self.held_out,) if self.held_out else ()

    @property
    def to_train(self) -> Recipe:
        """The recipe of a job that trains."""
        assert self.recipe is not None, "only a job with a recipe trains"
        return self.recipe
