"""A board that classifies images."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import numpy as np

from hwcodesign.core.errors import UserError, VerificationError
from hwcodesign.host.contract import Contract, contracts_below, load_selftest
from hwcodesign.host.dma_line import DmaLine
from hwcodesign.host.packets import VERSION, Identity
from hwcodesign.host.serial_line import SerialLine

Found = tuple[Path, Contract]
_IDENTIFIED_WITHIN = 10.0  # seconds: a board says what it is at once, however long it takes for a picture


class Predictions(NamedTuple):
    """`scores` (N, classes) int64, which mean what `Contract.score_map` says; `classes` (N, top), best first.

    Of one score alone the class is 1 where its real value is above 0, else 0.
    """

    scores: np.ndarray
    classes: np.ndarray


class Accelerator:
    """The board at `port`, such as /dev/ttyUSB0; or, on a Zynq board itself, the bitstream file to load there.

    `designs` is a folder with the contract of the design on the board in it or below: that of the bitstream, of its
    run, or of all runs. The board is asked which one it holds; a bitstream has its contract beside it. Weights that the
    design takes after a reset are loaded first, and again whenever the board was reset. A context manager.

    Raises UserError if there is no such port, if it is busy, if nothing answers, if none of the designs is on the
    board, or if the file of its weights is not here.
    """

    def __init__(self, port: str, designs: Path | str = "runs") -> None:
        self._line: SerialLine | DmaLine
        if port.endswith(".bit"):
            self.folder = Path(port).parent
            self.contract = Contract.load(self.folder)
            self._line = DmaLine(Path(port), self.contract, self.contract.weights(self.folder))
            return
        line, (self.folder, self.contract) = _connect(port, contracts_below(Path(designs)))
        line.window, line.result_bytes = self.contract.window, self.contract.result_bytes
        line.be_patient(self.contract.patience)
        self._line = line
        try:
            line.weights = self.contract.weights(self.folder)
            line.load()
        except BaseException:
            line.close()
            raise

    @property
    def retries(self) -> int:
        """How many requests had to be sent again so far."""
        return self._line.retries

    def predict(
        self, images: np.ndarray | Sequence[np.ndarray], on_done: Callable[[int], None] = lambda done: None
    ) -> Predictions:
        """Classify `images` (N, H, W, C), as `Contract.prepare` understands them.

        `on_done` hears how many are done. Raises UserError for images that do not fit the network, and if the board
        stops answering.
        """
        values, count = self._values(images, on_done), self.contract.classes
        scores, best = values[:, :count], values[:, count:]
        return Predictions(scores, best if count > 1 else self.contract.score_map.classes(scores)[:, None])

    def _values(self, images: np.ndarray | Sequence[np.ndarray], on_done: Callable[[int], None]) -> np.ndarray:
        contract = self.contract
        return contract.values(self._line.results(contract.payloads(contract.prepare(images)), on_done))

    def selftest(self, on_done: Callable[[int], None] = lambda done: None) -> int:
        """Classify the images that travel with the bitstream; their number.

        Raises VerificationError unless every score and class is the expected one, and UserError if the images are not
        there or the board stops answering.
        """
        images, expected = load_selftest(self.folder)
        wrong = np.flatnonzero((self._values(images, on_done) != expected).any(axis=1))
        if len(wrong):
            raise VerificationError(
                f"{len(wrong)} of {len(images)} images have other scores than the integer reference, image {wrong[0]} "
                "the first: the clock is too fast for this chip, or its power is bad"
            )
        return len(images)

    def close(self) -> None:
        """Release the port."""
        self._line.close()

    def __enter__(self) -> "Accelerator":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _connect(port: str, designs: Sequence[Found]) -> tuple[SerialLine, Found]:
    """The open line and the design behind it; every baud rate that a design has is tried."""
    serial = [contract for _, contract in designs if contract.link == "uart"]
    rates = sorted({contract.baud for contract in serial}, reverse=True)
    strange = 0
    for baud in rates:
        longest = max(contract.patience for contract in serial if contract.baud == baud)
        line = SerialLine(port, baud, min(longest, _IDENTIFIED_WITHIN))
        try:
            identity = line.identify()
            if identity is not None:
                return line, _identified(port, baud, identity, designs)
        except BaseException:
            line.close()
            raise
        strange += line.bytes_read
        line.close()
    tried = " or ".join(map(str, rates))
    if strange:
        raise UserError(f"{port}: something sends, {strange:,} bytes so far, but no answer at {tried} baud: is it "
                        "another device, or a board with another design?")  # fmt: skip
    raise UserError(
        f"{port}: nothing answers at {tried} baud: is the board powered and programmed, and is it this port?"
    )


def _identified(port: str, baud: int, identity: Identity, designs: Sequence[Found]) -> Found:
    """The design on the board, of those at this rate: an emulated board holds the same one, and asks for patience."""
    if identity.version != VERSION:
        raise UserError(f"{port}: the board speaks version {identity.version} of the protocol, this is {VERSION}: "
                        "build its bitstream again")  # fmt: skip
    for folder, contract in designs:
        if (contract.design_hash, contract.baud) == (identity.design_hash, baud):
            return folder, contract
    known = ", ".join(f"{contract.design_hash} ({folder})" for folder, contract in designs)
    raise UserError(f"{port}: the board holds the design {identity.design_hash}, but here is {known}: "
                    "program the board, or name the folder of its bitstream")  # fmt: skip
