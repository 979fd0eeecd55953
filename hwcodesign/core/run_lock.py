"""One process at a time works in a run folder; the next one says who does, and waits.

The lock is the kernel's own on an open file (flock), so it ends with whoever holds it, however that ended. Programs
that we start hold it with us (see tools.py): what the killed owner of a run had started is over, too, before the next
one takes over.
"""

import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hwcodesign.core.errors import UserError

FILE = ".lock"
_POLL_SECONDS = 0.1
_HELD: set[int] = set()


def held() -> tuple[int, ...]:
    """The file descriptors of the locks that this process holds."""
    return tuple(_HELD)


@contextmanager
def locked(folder: Path, say: Callable[[str], None], wait: bool = True) -> Iterator[None]:
    """Hold the lock of `folder` for the time of the context.

    While another process holds it, `say` hears who does and since when, once. Raises UserError if that is so and
    `wait` is false; OSError if the folder cannot be written.
    """
    path = folder / FILE
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _take(descriptor, path, say, wait)
        _HELD.add(descriptor)
        yield
    finally:
        _HELD.discard(descriptor)
        os.close(descriptor)


def _take(descriptor: int, path: Path, say: Callable[[str], None], wait: bool) -> None:
    import fcntl

    said = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if not wait:
                raise UserError(f"{path.parent} is in use by {_holder(path)}: wait for it, or end it") from None
            if not said:
                say(f"{path.parent} is in use by {_holder(path)}; waiting until it ends (Ctrl-C gives up)")
            said = True
            time.sleep(_POLL_SECONDS)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(_self()).encode(), 0)


def _self() -> dict[str, object]:
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    return {"host": socket.gethostname(), "process": os.getpid(), "command": command, "since": since}


def _holder(path: Path) -> str:
    try:
        who = json.loads(path.read_text())
        process = f"process {who['process']} on {who['host']} ({who['command']}, since {who['since']})"
        gone = who["host"] == socket.gethostname() and not _alive(int(who["process"]))
    except (OSError, ValueError, KeyError, TypeError):  # it is just being written
        return "another process"
    return f"programs that {process} has left behind" if gone else process


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True
