"""What is at the port: a board with one of our designs, or what it is instead. The host needs numpy and little else."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.host import Accelerator, accelerator
from hwcodesign.host.packets import VERSION, Answer, Decoder, Packet, encode
from tests.host.test_contract import PIXELS

OTHER = bytes(range(8))


def identity(version: int, design: bytes) -> Callable[[bytes], bytes]:
    """A board that says so to every request."""
    decoder = Decoder()
    return lambda read: b"".join(
        encode(Packet(Answer.IDENTITY, packet.sequence, bytes([version]) + design)) for packet in decoder.feed(read)
    )


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda read: b"", "nothing answers at 115200 baud"),
        (lambda read: b"login: ", r"something sends, [1-9]\d* bytes .* another device"),
        (lambda read: read, "another device"),  # a loop of wire
        (identity(VERSION + 1, OTHER), f"speaks version {VERSION + 1} of the protocol, this is {VERSION}"),
        (identity(VERSION, OTHER), "holds the design 0706050403020100, but here is 00ff00ff00ff00ff .*: program the"),
    ],
)
def test_another_device_or_another_board(
    answer: Callable[[bytes], bytes],
    message: str,
    terminal: tuple[int, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    PIXELS.save(tmp_path)
    monkeypatch.setattr(accelerator, "_IDENTIFIED_WITHIN", 0.1)

    def device() -> None:
        with suppress(OSError):  # the end of the test
            while True:
                os.write(terminal[0], answer(os.read(terminal[0], 4096)))

    threading.Thread(target=device, daemon=True).start()
    with pytest.raises(UserError, match=message):
        Accelerator(terminal[1], tmp_path)


def test_the_host_needs_numpy_alone() -> None:
    program = "import sys; from hwcodesign.host import Accelerator; print(*{n.split('.')[0] for n in sys.modules})"
    loaded = set(
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    )
    others = {
        "torch",
        "brevitas",
        "finn",
        "qonnx",
        "onnx",
        "scipy",
        "cocotb",
        "pydantic",
        "rich",
        "click",
        "serial",
        "PIL",
    }
    assert "numpy" in loaded and not loaded & others
