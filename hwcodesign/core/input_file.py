"""Files that a user names: whole, of a bounded size, and never something that a read would hang on."""

import os
import stat
from pathlib import Path

from hwcodesign.core.errors import UserError

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def require_file(path: Path) -> None:
    """Raise UserError if `path` is not there, or is no ordinary file: a pipe or a device may never end."""
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"there is no file {path}") from None
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {path}: {_reason(error)}") from None
    if kind != stat.S_IFREG:
        raise UserError(f"{path} is {_KINDS.get(kind, 'something else')}, not a file")


def read_input(path: Path, most_bytes: int) -> bytes:
    """The content of the file `path`. Raises UserError if it is no ordinary file, or longer than `most_bytes`."""
    require_file(path)
    try:
        # Not blocking: between the question above and here, a pipe may have taken the file's place.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise UserError(f"cannot read {path}: {_reason(error)}") from None
    if len(content) > most_bytes:
        raise UserError(f"{path} is longer than {most_bytes:,} bytes, the most that is read of such a file")
    return content


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
