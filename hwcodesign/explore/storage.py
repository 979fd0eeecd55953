"""Where a search keeps its trials: a journal file of its own, or a database that several machines share."""

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from hwcodesign.core.errors import UserError

if TYPE_CHECKING:
    import optuna

_T = TypeVar("_T")
# Said outright: which one SQLAlchemy takes by itself has changed from one version to the next.
DRIVERS = {"postgresql": "postgresql+psycopg2", "mysql": "mysql+pymysql"}
LOCK_GRACE = 10  # seconds, after which the lock of a worker that was killed while it wrote is broken
PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)  # seconds between attempts at a storage that does not answer


def open_storage(url: str | None, folder: Path) -> "optuna.storages.BaseStorage":
    """`url`: None for a journal in `folder`; grpc://HOST:PORT for Optuna's proxy; else a database (SQLAlchemy's form).

    Raises UserError if it is none, if its driver is missing, or if it cannot be reached after several attempts.
    """
    from optuna.storages import GrpcStorageProxy, JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock

    if url is None:
        # The lock is a link to the journal, and one that leads nowhere, as a relative path's would, is never broken.
        path = str((folder / "journal.log").resolve())
        try:
            return JournalStorage(JournalFileBackend(path, JournalFileSymlinkLock(path, LOCK_GRACE)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:  # what its lines lead to
            raise UserError(f"{path} is damaged ({_first_line(error)}): say --out FOLDER with a new one") from None
    if url.startswith("grpc://"):
        host, _, port = url.removeprefix("grpc://").partition(":")
        if not host or not port.isdecimal():
            raise UserError(f"--storage {url}: say grpc://HOST:PORT")
        return patiently(url, lambda: _answering(GrpcStorageProxy(host=host, port=int(port))))
    return patiently(url, lambda: _database(url))


def _database(url: str) -> "optuna.storages.BaseStorage":
    import sqlalchemy.exc
    from optuna.storages import RDBStorage

    kind, _, place = url.partition("://")
    allowed = "postgresql://USER@HOST/DATABASE, mysql://USER@HOST/DATABASE, sqlite:///FILE or grpc://HOST:13000"
    if not place:
        raise UserError(f"--storage {shown(url)}: must be a URL: {allowed}")
    try:
        return RDBStorage(f"{DRIVERS.get(kind, kind)}://{place}")
    except ImportError:
        package = DRIVERS.get(kind, kind).partition("+")[2] or kind
        raise UserError(f"--storage {shown(url)}: its driver is missing: pip install {package}") from None
    except (sqlalchemy.exc.IntegrityError, sqlalchemy.exc.ProgrammingError) as error:
        raise ConnectionError(_first_line(error)) from None  # another worker makes the tables at this very moment
    except (sqlalchemy.exc.NoSuchModuleError, sqlalchemy.exc.ArgumentError, ValueError) as error:
        raise UserError(f"--storage {shown(url)}: {_first_line(error)}; must be a URL: {allowed}") from None


def shown(url: str | None) -> str:
    """The storage's name for a person, without a password."""
    return "the journal" if url is None else re.sub(r"(//[^:/@]*):[^@]*@", r"\1:***@", url)


def patiently(url: str | None, work: Callable[[], _T]) -> _T:
    """The result of `work`, tried again with growing pauses while the storage is down: that is said once.

    Raises UserError at the end.
    """
    for pause in (*PAUSES, None):
        try:
            return work()
        except _outages() as error:
            down = f"{shown(url)} does not answer ({_first_line(error)})"
            if pause is None:
                raise UserError(f"{down}; nothing is lost: the same command goes on once it does") from None
            if pause == PAUSES[0]:
                print(f"{down}: tried again for {sum(PAUSES):g} s", file=sys.stderr, flush=True)
            time.sleep(pause)
    raise AssertionError


def _first_line(error: Exception) -> str:
    """What went wrong; gRPC has it in the error's details."""
    details = getattr(error, "details", None)
    lines = str(details() if callable(details) else error.__cause__ or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _answering(storage: "optuna.storages.BaseStorage") -> "optuna.storages.BaseStorage":
    storage.get_all_studies()
    return storage


def _outages() -> tuple[type[Exception], ...]:
    """What the storages raise while they are down (what is not installed cannot have been opened)."""
    from optuna.exceptions import StorageInternalError

    found: list[type[Exception]] = [StorageInternalError, ConnectionError]
    try:
        import sqlalchemy.exc

        found += [sqlalchemy.exc.OperationalError, sqlalchemy.exc.InterfaceError]
    except ImportError:
        pass
    try:
        import grpc

        found.append(grpc.RpcError)
    except ImportError:
        pass
    return tuple(found)
