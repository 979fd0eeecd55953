"""A planned network as a whole board in RTL, with images and their scores; for tests of the line to it."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hwcodesign.bitstream import emulated_board
from hwcodesign.core.run_folder import RunFolder
from hwcodesign.emit.top_level import emit
from hwcodesign.graph import interpreter
from hwcodesign.host import Accelerator
from hwcodesign.host.contract import Contract
from hwcodesign.plan import Plan

# On a busy machine a simulated board is slow. A host that gave up meanwhile would count what was not lost: so it waits
# long, and for less only where nothing but a time-out tells what was lost.
PATIENCE_SECONDS = 60.0
TIME_OUT_SECONDS = 4.0


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


def emulated(run: Path, made: Plan, images: int) -> Emulated:
    """Build `made` in the run's folder; a host waits PATIENCE_SECONDS for its answers."""
    RunFolder(run).claim()
    for stage in ("plan", "emit"):
        (run / stage).mkdir(parents=True)
    made.save(run / "plan")
    emit(made.design, made.foldings, made.storage, run / "emit")
    (run / "emit" / "stage.json").write_text(json.dumps({"fingerprint": "", "summary": {}}))
    emulation = emulated_board.prepare(RunFolder(run))
    wait_for_answers(run / "emulate", PATIENCE_SECONDS)
    frames = np.random.default_rng(3).integers(0, 256, (images, *made.design.input.shape))
    return Emulated(run, emulation, frames, interpreter.run(made.design, frames))


def wait_for_answers(design: Path, patience: float) -> None:
    """From now on hosts of `design` wait so many seconds for an answer."""
    replace(Contract.load(design), patience=patience).save(design)


def lost_over(built: Emulated, faults: emulated_board.Faults) -> dict[str, int]:
    """Classify all images over a line with `faults`, which must not change one score.

    Why something was sent again, and how often.
    """
    with emulated_board.running(built.emulation, faults) as board, Accelerator(board.port, built.design) as accelerator:
        assert (np.hstack(accelerator.predict(built.images)) == built.expected).all()
        return dict(+accelerator._line.lost)


def timed_out_over(built: Emulated, faults: emulated_board.Faults) -> int:
    """How often the host of `lost_over` gave up waiting, and nothing else was the matter.

    A busy machine makes it more often than the faults do.
    """
    wait_for_answers(built.design, TIME_OUT_SECONDS)
    try:
        lost = lost_over(built, faults)
    finally:
        wait_for_answers(built.design, PATIENCE_SECONDS)
    assert lost.keys() <= {"no answer"}
    return lost.get("no answer", 0)
