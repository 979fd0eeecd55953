"""The JSON files of a run folder that are read again: each has a format, a version and a pydantic model."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tokenize import TokenError
from typing import Any, ClassVar, Self
from zipfile import BadZipFile
from zlib import error as ZlibError  # noqa: N812

from pydantic import BaseModel, ConfigDict, ValidationError

from hwcodesign.core.errors import UserError


class Document(BaseModel):
    """Base of such a file's content. A change of its meaning raises `VERSION`.

    `REMEDY` says in words what makes such a file anew; "": the stage in whose folder it lies.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
    FORMAT: ClassVar[str]
    VERSION: ClassVar[int] = 1
    REMEDY: ClassVar[str] = ""

    format: str
    version: int

    @classmethod
    def write(cls, path: Path, values: dict[str, Any]) -> None:
        """Write `values`, a document's fields but for format and version, into the file `path`."""
        path.write_text(json.dumps({"format": cls.FORMAT, "version": cls.VERSION, **values}, indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> Self:
        """What is in the file. Raises UserError if it is missing, damaged, or of another format or version."""
        with reading(path, cls.REMEDY):
            found = json.loads(path.read_text())
            if not isinstance(found, dict):
                raise ValueError(f"it holds no object but {str(found)[:20]!r}")
            kind, version = found.get("format"), found.get("version")
            if (kind, version) != (cls.FORMAT, cls.VERSION):
                newer = isinstance(version, int) and version > cls.VERSION
                age, update = ("a newer", "update hwcodesign, or ") if newer else ("an earlier", "")
                raise UserError(
                    f"{path} was written by {age} version of hwcodesign, or is no {cls.FORMAT} (it says {kind!r}, "
                    f"version {version!r}; this one reads version {cls.VERSION}): "
                    f"{update}{cls.REMEDY or _remedy(path)}"
                )
            try:
                return cls.model_validate(found)
            except ValidationError as error:
                first = error.errors()[0]
                raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


_BY_CONTENTS = (
    *(
        OSError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        EOFError,
        ArithmeticError,
        MemoryError,
        RuntimeError,
    ),
    *(SyntaxError, TokenError, BadZipFile, ZlibError),
)


@contextmanager
def reading(path: Path, remedy: str = "") -> Iterator[None]:
    """Around what reads a file of ours: whatever it raises because of the contents becomes a UserError.

    `remedy`: what makes the file anew, if that is not the stage in whose folder it lies.
    """
    try:
        yield
    except _BY_CONTENTS as error:
        cause = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or "it ends too early"
        raise UserError(f"{path} is damaged ({cause}): {remedy or _remedy(path)}") from None


def _remedy(path: Path) -> str:
    stage = path.parent.name
    return f"the stage {stage!r} makes it anew (run again with --from {stage})"
