"""Where a search keeps its trials: a journal file of its own, or a database that several machines share."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from hwcodesign.core.errors import UserError

if TYPE_CHECKING:
    import optuna

_T = TypeVar("_T")
PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)  # seconds between attempts at a storage that does not answer


def open_storage(url: str | None, folder: Path) -> "optuna.storages.BaseStorage":
    """`url`: None for a journal in `folder`; grpc://HOST:PORT for Optuna's proxy; else a database (SQLAlchemy's form).

    Raises UserError if it cannot be reached, after several attempts.
    """
    from optuna.storages import GrpcStorageProxy, JournalStorage, RDBStorage
    from optuna.storages.journal import JournalFileBackend

    if url is None:
        return JournalStorage(JournalFileBackend(str(folder / "journal.log")))
    if url.startswith("grpc://"):
        host, _, port = url.removeprefix("grpc://").partition(":")
        if not host or not port.isdecimal():
            raise UserError(f"--storage {url}: say grpc://HOST:PORT")
        return patiently(url, lambda: _answering(GrpcStorageProxy(host=host, port=int(port))))
    if "://" not in url:
        raise UserError(f"--storage {url}: must be a URL, such as postgresql://USER@HOST/DATABASE or grpc://HOST:13000")
    return patiently(url, lambda: RDBStorage(url))


def patiently(url: str | None, work: Callable[[], _T]) -> _T:
    """The result of `work`, tried again with growing pauses while the storage is down. Raises UserError at the end."""
    for pause in (*PAUSES, None):
        try:
            return work()
        except _outages() as error:
            first = str(error).strip().splitlines()
            if pause is None:
                what = first[0] if first else type(error).__name__
                where = "the journal" if url is None else url
                raise UserError(
                    f"{where} does not answer ({what}); nothing is lost: the same command goes on once it does"
                ) from None
            time.sleep(pause)
    raise AssertionError


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
