"""The host's driver against the whole board in RTL: held-out images over the simulated UART, with and without faults.

    hwcodesign run digits-squeezenet && python benchmarks/whole_board.py [RUN FOLDER]

Every score of every image must equal the integer reference, which the command proves against the trained network.
`sent again` counts what a fault cost; `right` are the images of which the class is the label.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.history import record
from hwcodesign.bitstream import emulated_board, serial_link
from hwcodesign.core.errors import VerificationError
from hwcodesign.host import Accelerator
from hwcodesign.plan import Plan
from hwcodesign.verify.images import Images

IMAGES = 20


def faults(image_bytes: int) -> dict[str, emulated_board.Faults]:
    """By name: what goes wrong, on bytes in the middle of images."""
    middle = [image_bytes * i + image_bytes // 2 for i in range(IMAGES)]
    chance = np.random.default_rng(1)
    kinds = ["lose", "flip", "break", "pause", "glitch", "reset"]
    many = {int(at): str(chance.choice(kinds)) for at in chance.integers(0, image_bytes * IMAGES, IMAGES)}
    return {
        "none, back to back": emulated_board.NO_FAULTS,
        "three bytes lost": emulated_board.Faults(dict.fromkeys(middle[2:9:3], "lose"), {}),
        "three bad CRCs": emulated_board.Faults(dict.fromkeys(middle[2:9:3], "flip"), {}),
        "a reset in an image": emulated_board.Faults({middle[5]: "reset"}, {}),
        "answers damaged": emulated_board.Faults({}, {100: "lose", 200: "flip"}),
        f"{len(many)} of all kinds": emulated_board.Faults(many, {100: "lose", 200: "flip"}),
    }


if __name__ == "__main__":
    run = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/digits-squeezenet")
    made, images = Plan.load(run / "plan"), Images.held_out(run / "export" / "reference.npz").first(IMAGES)
    assert images.scores is not None and images.labels is not None, "the network is trained"
    table = Table("faults on the line", "exact", "right", "sent again", "seconds", title=f"{run.name}, {IMAGES} images")
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        board = emulated_board.build(run / "emit", folder / "simulation", made)
        contract = emulated_board.contract_of(run.name, made, run / "emit", board)
        serial_link.hand_over(folder, contract, made.design, run / "emit", images.frames)
        for name, wrong in faults(contract.image_bytes).items():
            with emulated_board.running(board, wrong) as running, Accelerator(running.port, folder) as accelerator:
                start = time.monotonic()
                scores, classes = accelerator.predict(images.frames)
                seconds = time.monotonic() - start
                exact, right = (scores == images.scores).all(axis=1), classes[:, 0] == images.labels
            table.add_row(name, str(exact.sum()), str(right.sum()), str(accelerator.retries), f"{seconds:.1f}")
            found |= {f"{name}: exact": int(exact.sum()), f"{name}: s": round(seconds, 1)}
            if not exact.all():
                raise VerificationError(f"{name}: the scores of {(~exact).sum()} images are wrong")
    Console(width=140).print(table)
    record("whole_board", found)
