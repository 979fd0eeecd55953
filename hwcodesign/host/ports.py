"""Serial ports through pyserial: opened, written and read with errors in words. Nothing here waits without an end."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hwcodesign.core.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from serial import Serial

_POLL_SECONDS = 0.02
_PIECE_BYTES = 1024
_BITS_PER_BYTE = 10


def open_port(port: str, baud: int, patience: float) -> "Serial":
    """Open `port` for us alone, with what waits in it thrown away.

    A write that gets nowhere for `patience` seconds fails. Raises UserError if pyserial is missing, if there is no such
    port, if another program has it open, or if we may not use it.
    """
    try:
        from serial import Serial, SerialException
    except ImportError:
        raise UserError("pyserial is missing: pip install pyserial (or hwcodesign[host])") from None
    try:
        opened = Serial(port, baud, timeout=_POLL_SECONDS, exclusive=True)
        be_patient(opened, patience)
        opened.reset_input_buffer()
    except (SerialException, ValueError, OSError) as error:
        raise UserError(_why_not(port, baud, error)) from None
    return opened


def be_patient(port: "Serial", patience: float) -> None:
    """From now on a write that gets nowhere for `patience` seconds fails."""
    port.write_timeout = patience + _BITS_PER_BYTE * _PIECE_BYTES / port.baudrate


def write(port: "Serial", data: bytes) -> None:
    """Send all of `data`. Raises UserError if the port does not take it."""
    with _in_words(port):
        for at in range(0, len(data), _PIECE_BYTES):
            port.write(data[at : at + _PIECE_BYTES])


def read(port: "Serial") -> bytes:
    """What has come; waits a moment for the first byte. Raises UserError if the port is gone."""
    with _in_words(port):
        data: bytes = port.read(max(1, port.in_waiting))
    return data


@contextmanager
def _in_words(port: "Serial") -> Iterator[None]:
    from serial import SerialTimeoutException

    try:
        yield
    except SerialTimeoutException:
        raise UserError(f"{port.port} takes no more bytes: is the board still connected?") from None
    except OSError as error:
        raise UserError(f"{port.port} is gone: was the board unplugged, or its port opened twice? ({error})") from None


def _why_not(port: str, baud: int, error: Exception) -> str:
    match getattr(error, "errno", None):
        case errno.ENOENT | errno.ENXIO | errno.ENODEV:
            return f"there is no port {port}: {_there_are(port)}"
        case errno.EBUSY | errno.EAGAIN:
            return f"{port} is busy: another program has it open; end it (a terminal program? fuser {port} names it)"
        case errno.EACCES | errno.EPERM:
            group = _group_of(port)
            return (
                f"{port} may not be opened by you: join the group {group} that it belongs to (sudo usermod -aG {group} "
                "$USER), then log out and in again"
            )
        case _:
            return f"{port} is no serial port that runs at {baud} baud: {error}"


def _group_of(port: str) -> str:
    """The group that a device belongs to; where that cannot be found out, the one that Debian gives serial ports."""
    try:
        import grp

        return grp.getgrgid(os.stat(port).st_gid).gr_name
    except (ImportError, OSError, KeyError):
        return "dialout"


def _there_are(port: str) -> str:
    from serial.tools.list_ports import comports

    names = [found.device for found in comports()]
    return did_you_mean(port, names) if names else "no serial port is there; plug the board in"
