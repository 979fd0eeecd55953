"""Where trials are kept: bad URLs are refused, outages are waited for, and nothing waits for ever."""

import time
from pathlib import Path

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.explore import storage


def test_without_a_url_trials_go_into_a_journal_of_the_study(tmp_path: Path) -> None:
    import optuna

    kept = storage.open_storage(None, tmp_path)
    optuna.create_study(study_name="s", storage=kept)
    assert (tmp_path / "journal.log").stat().st_size > 0
    assert [study.study_name for study in storage.open_storage(None, tmp_path).get_all_studies()] == ["s"]


@pytest.mark.parametrize(
    ("url", "message"),
    [("somewhere", "must be a URL: postgresql://"), ("grpc://host", "say grpc://HOST:PORT"),
     ("grpc://:13000", "say grpc://HOST:PORT"), ("oracle9://u@h/d", "oracle9; must be a URL: postgresql://"),
     ("mysql+cymysql://u:secret@h/d", r"mysql\+cymysql://u:\*\*\*@h/d: its driver is missing: pip install")],
)  # fmt: skip
def test_what_is_no_storage_is_refused(url: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        storage.open_storage(url, tmp_path)


def test_an_outage_is_waited_for_with_growing_pauses(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(storage.time, "sleep", pauses.append)
    answers = iter([ConnectionError("down"), ConnectionError("down"), 7])

    def work() -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert storage.patiently("postgresql://h/d", work) == 7
    assert pauses == list(storage.PAUSES[:2])
    told = capsys.readouterr().err.splitlines()
    assert told == ["postgresql://h/d does not answer (down): tried again for 30 s"]  # once


def test_the_lock_of_a_worker_that_was_killed_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import optuna

    monkeypatch.chdir(tmp_path)  # a search's folder is a relative one
    monkeypatch.setattr(storage, "LOCK_GRACE", 3)
    (tmp_path / "explore").mkdir()
    killed, kept = (storage.open_storage(None, Path("explore")) for _ in range(2))
    assert killed._backend._lock.acquire()  # type: ignore[attr-defined]  # and is never released
    began = time.monotonic()
    optuna.create_study(study_name="s", storage=kept)
    assert 2 < time.monotonic() - began < 60
    assert [study.study_name for study in kept.get_all_studies()] == ["s"]


def test_a_password_is_not_shown() -> None:
    assert storage.shown("postgresql://me:secret@h:5432/d") == "postgresql://me:***@h:5432/d"
    assert storage.shown("postgresql://me@h/d") == "postgresql://me@h/d"
    assert storage.shown(None) == "the journal"


def test_a_database_in_a_file_is_one_too(tmp_path: Path) -> None:
    assert storage.open_storage(f"sqlite:///{tmp_path}/trials.db", tmp_path).get_all_studies() == []


def test_tables_that_another_worker_makes_are_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import optuna.storages
    from sqlalchemy.exc import IntegrityError

    def made(url: str) -> str:
        tried.append(url)
        if len(tried) < 2:
            raise IntegrityError("CREATE TYPE studydirection", None, Exception("it is there already"))
        return "the storage"

    tried: list[str] = []
    monkeypatch.setattr(storage.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(optuna.storages, "RDBStorage", made)
    assert storage.open_storage("postgresql://u@h/d", tmp_path) == "the storage"
    assert tried == ["postgresql+psycopg2://u@h/d"] * 2


def test_at_the_end_the_message_says_that_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.time, "sleep", lambda seconds: None)

    def down() -> None:
        raise ConnectionError("refused\nmore")

    with pytest.raises(UserError, match=r"grpc://h:1 does not answer \(refused\); nothing is lost"):
        storage.patiently("grpc://h:1", down)
    with pytest.raises(ZeroDivisionError):  # no outage: at once
        storage.patiently(None, lambda: 1 // 0)
