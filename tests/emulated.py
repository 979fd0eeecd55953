"""A planned network as a whole board in RTL, with images and their scores; for tests of the line to it."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hwcodesign.bitstream import emulated_board
from hwcodesign.core.run_folder import RunFolder
from hwcodesign.emit.top_level import emit
from hwcodesign.graph import interpreter
from hwcodesign.host.contract import Contract
from hwcodesign.plan import Plan


@dataclass(frozen=True)
class Emulated:
    """`run` is the folder of a run; `expected` are the scores of `images`."""

    run: Path
    emulation: emulated_board.Emulation
    images: np.ndarray
    expected: np.ndarray

    @property
    def design(self) -> Path:
        """The folder with the contract."""
        return self.run / "emulate"


def emulated(run: Path, made: Plan, images: int, patience: float) -> Emulated:
    """Build `made` in the run's folder; the host waits `patience` seconds for an answer."""
    RunFolder(run).claim()
    for stage in ("plan", "emit"):
        (run / stage).mkdir(parents=True)
    made.save(run / "plan")
    emit(made.design, made.foldings, made.storage, run / "emit")
    (run / "emit" / "stage.json").write_text(json.dumps({"fingerprint": "", "summary": {}}))
    emulation = emulated_board.prepare(RunFolder(run))
    replace(Contract.load(run / "emulate"), patience=patience).save(run / "emulate")
    frames = np.random.default_rng(3).integers(0, 256, (images, *made.design.input.shape))
    return Emulated(run, emulation, frames, interpreter.run(made.design, frames))
