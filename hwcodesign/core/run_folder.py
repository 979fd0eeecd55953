"""The run folder: one folder per stage, written whole or not at all, and skipped when nothing it reads has changed.

A run folder carries MARKER; a folder that does not is somebody else's, and nothing in it is touched. A stage replaces
only what holds a stage's record. A finished training that another recipe or other data would replace is laid aside.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from hwcodesign.core import run_lock
from hwcodesign.core.errors import UserError, VerificationError, did_you_mean
from hwcodesign.core.version import __version__

Summary = dict[str, Any]
Say = Callable[[str], None]
MARKER = "hwcodesign-run.json"
_FORMAT, _VERSION = "hwcodesign run folder", 1
_RECORD = "stage.json"
_PACKAGE = Path(__file__).resolve().parents[1]
_SOURCES = (".py", ".cpp", ".json")


def _quiet(_: str) -> None:
    pass


def _nothing(*_: Any) -> None:
    pass


@dataclass(frozen=True)
class Stage:
    """One step from recipe to report.

    `function(folder)` writes its files into `folder` and returns a summary for report.json. `inputs` are files or
    folders it reads; `settings` is anything else its result depends on. A stage of hours (`resumable`) keeps its
    unfinished folder, to go on after Ctrl-C, and (`precious`) its result is laid aside when one of other inputs comes.

    `ready()` is asked before the first stage of a run: it raises UserError if a tool or a package is missing. `gate()`
    is asked before it is run and `verdict(summary)` when it is there; they raise UserErrors. `code` are the
    rooms and modules of this package (paths in it) that make the result; when they change, so does the fingerprint, but
    that of a resumable stage, whose result `by_earlier_code` then tells of: hours are not spent again unasked.
    """

    name: str
    inputs: tuple[Path, ...]
    settings: Any
    function: Callable[[Path], Summary]
    resumable: bool = False
    precious: bool = True
    ready: Callable[[], None] = _nothing
    gate: Callable[[], None] = _nothing
    verdict: Callable[[Summary], None] = _nothing
    code: tuple[str, ...] = ()

    @property
    def laid_aside(self) -> bool:
        """Whether what it made is kept, perhaps hours of work, when it is made anew of something else."""
        return self.resumable and self.precious


@dataclass(frozen=True)
class RunFolder:
    """`runs/<name>/`, with a folder for every stage that has run."""

    path: Path

    def claim(self, origin: str = "") -> None:
        """Make the folder, or make sure that it is a run's.

        `origin`, "recipe" or "model", says what the run is of: a model file never takes the place of a recipe of the
        same name. Raises UserError if the folder is not ours or of another origin.
        """
        found = self._marker(origin)
        if origin and found["of"] and found["of"] != origin:
            raise UserError(
                f"{self.path} is the run of a {found['of']} and would become that of a {origin}: nothing was touched. "
                "Give one of them another name, or another folder with --runs"
            )
        self._settle()

    @contextmanager
    def opened(self, origin: str = "", say: Say = _quiet, wait: bool = True) -> Iterator[None]:
        """Claim the folder and hold its lock for the time of the context; `say` hears who has it meanwhile.

        Raises UserError if it is not a run's folder, or if another process has it and `wait` is false.
        """
        self._marker(origin)
        with run_lock.locked(self.path, say, wait), self._explained(), _naming(self.path):
            self.claim(origin)
            yield

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What fails because of a file that is not as its stage wrote it says so."""
        try:
            yield
        except VerificationError:  # tells of such files itself
            raise
        except UserError as error:
            damaged = self._damaged()
            if damaged is None or str(damaged) in str(error):
                raise
            raise type(error)(f"{error}\n({_not_as_written(damaged)})") from None
        except Exception as error:
            if (damaged := self._damaged()) is None:
                raise
            raise UserError(f"{_not_as_written(damaged)} (it led to {error!r})") from error

    def _damaged(self) -> Path | None:
        """The first file that is not as its stage wrote it."""
        for record in sorted([*self.path.glob(f"*/{_RECORD}"), *self.path.glob(f"*/*/{_RECORD}")]):
            for name, expected in _record(record.parent).get("files", {}).items():
                path: Path = record.parent / name
                if not path.is_file() or _sha256(path) != expected:
                    return path
        return None

    def outdated(self, names: Iterable[str]) -> list[str]:
        """Which of these finished stages, in their order, were made from something else than lies there now.

        A stage that was made from one of them is one itself.
        """
        found: list[str] = []
        for name in names:
            sources: dict[str, str] = _record(self.stage(name)).get("made_from", {})
            if any(Path(source).parts[0] in found or self._digest(source) != was for source, was in sources.items()):
                found.append(name)
        return found

    def _digest(self, source: str) -> str | None:
        path = self.path / source
        return digest([path]) if path.exists() else None

    def _marker(self, origin: str) -> dict[str, Any]:
        if not self.path.exists() or (self.path.is_dir() and not any(self.path.iterdir())):
            _make(self.path, origin)
        return _marker(self.path)

    def stage(self, name: str) -> Path:
        """The folder of a finished stage."""
        return self.path / name

    def finished(self, name: str) -> bool:
        return (self.stage(name) / _RECORD).is_file()

    def summary(self, name: str) -> Summary:
        """What the stage reported. Raises UserError if it has not run."""
        if not self.finished(name):
            raise UserError(f"{self.path}: the stage {name!r} has not been run yet")
        summary: Summary = _record(self.stage(name))["summary"]
        return summary

    def is_current(self, stage: Stage) -> bool:
        """Whether the stage's result is there and everything it was made from is still the same."""
        return self.finished(stage.name) and _record(self.stage(stage.name)).get("fingerprint") == _fingerprint(stage)

    def _is_of(self, stage: Stage) -> bool:
        try:
            return self.is_current(stage)
        except UserError:  # a damaged record tells nothing
            return False

    def by_earlier_code(self, stage: Stage) -> bool:
        """Whether a current result was made before the stage's code was changed."""
        return bool(_record(self.stage(stage.name)).get("code") not in (None, code_digest(stage.code)))

    def execute(self, stage: Stage, say: Say = _quiet) -> Summary:
        """Run the stage into a temporary folder and put that in place once it is whole.

        The former result stays until then; that of a resumable stage is laid aside if it was made of something else,
        and `say` hears where. Raises UserError if an input is missing, if the folder is not ours or cannot be written.
        """
        for path in stage.inputs:
            if not path.exists():
                raise UserError(f"the stage {stage.name!r} needs {path}, which is not there: run the stage before it")
        self.claim()
        _require_ours(self.stage(stage.name))
        fingerprint = _fingerprint(stage)
        unfinished = self._unfinished(stage.name)
        if not (stage.resumable and _started_as(unfinished) == fingerprint):
            if stage.laid_aside and _holds_work(unfinished):
                self._lay_aside(unfinished, stage.name, say)
            _fresh(unfinished, fingerprint)
        inside = [path for path in stage.inputs if path.is_relative_to(self.path)]
        made_from = {str(path.relative_to(self.path)): digest([path]) for path in inside}
        start = time.monotonic()
        with _naming(unfinished):
            summary = stage.function(unfinished)
        seconds = round(time.monotonic() - start, 3)
        record = {
            "fingerprint": fingerprint,
            "code": code_digest(stage.code),
            "seconds": seconds,
            "summary": {**summary, "seconds": seconds},
            "made_from": made_from,
            "files": _files(unfinished),
        }
        if stage.laid_aside and self.finished(stage.name) and not self._is_of(stage):
            self._lay_aside(self.stage(stage.name), stage.name, say)
        write_whole(unfinished / _RECORD, json.dumps(record, indent=1) + "\n")
        _replace(unfinished, self.stage(stage.name))
        return self.summary(stage.name)

    def _unfinished(self, name: str) -> Path:
        return self.path / f".{name}.unfinished"

    def _lay_aside(self, folder: Path, name: str, say: Say) -> None:
        place = next(p for n in count(1) if not (p := self.path / f"{name}.former-{n}").exists())
        os.replace(folder, place)
        say(f"{name}: what is there was made of another recipe or other data; it is kept in {place}")

    def _settle(self) -> None:
        """Finish the replacements that a killed process has begun."""
        for unfinished in self.path.glob(".*.unfinished"):
            if (unfinished / _RECORD).is_file():
                _replace(unfinished, self.stage(unfinished.name[1:].removesuffix(".unfinished")))
        for old in self.path.glob(".*.old"):
            place = self.stage(old.name[1:].removesuffix(".old"))
            if not place.exists():
                os.replace(old, place)


@contextmanager
def _naming(place: Path) -> Iterator[None]:
    """What is written to an open file fails without the file's name, on a full disk above all: say where it was."""
    try:
        yield
    except OSError as error:
        if error.filename or not error.strerror:
            raise
        raise UserError(f"cannot write into {place}: {error.strerror}") from error


def existing_run(name: str, runs: Path) -> RunFolder:
    """The run `name` in the folder `runs`, or at the path `name`. Raises UserError if there is none."""
    for path in (runs / name, Path(name)):
        if path.is_dir():
            _marker(path)
            return RunFolder(path.resolve())
    known = [path.name for path in runs.iterdir() if (path / MARKER).is_file()] if runs.is_dir() else []
    hint = did_you_mean(name, known) if known else f"hwcodesign run {name} makes one"
    raise UserError(f"there is no run {name!r} in {runs}: {hint}")


def digest(paths: Iterable[Path]) -> str:
    """SHA-256 over the contents (and relative names) of files and folders; stage records are left out."""
    total = hashlib.sha256()
    for root in paths:
        files = sorted(p for p in root.rglob("*") if p.is_file()) if root.is_dir() else [root]
        for file in files:
            if file.name != _RECORD and "__pycache__" not in file.parts:
                total.update(f"{file.relative_to(root) if file != root else file.name}\0".encode())
                total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def listing(folder: Path) -> str:
    """SHA-256 over the names and sizes of the files in a folder, however many gigabytes they are."""
    files = sorted((str(p.relative_to(folder)), p.stat().st_size) for p in folder.rglob("*") if p.is_file())
    return hashlib.sha256(json.dumps(files).encode()).hexdigest()


def _fingerprint(stage: Stage) -> str:
    if not all(path.exists() for path in stage.inputs):
        return ""
    settings = json.dumps(stage.settings, sort_keys=True, default=str)
    code = "" if stage.resumable else code_digest(stage.code)
    return hashlib.sha256(f"{__version__}\0{code}\0{settings}\0{digest(stage.inputs)}".encode()).hexdigest()


@cache
def code_digest(parts: tuple[str, ...]) -> str:
    """SHA-256 over the source files of rooms and modules of this package, named by their paths in it."""
    total = hashlib.sha256()
    for part in parts:
        root = _PACKAGE / part
        files = [root] if root.is_file() else sorted(path for path in root.rglob("*") if path.suffix in _SOURCES)
        assert files, f"{part} is no part of the package"
        for file in files:
            total.update(f"{file.relative_to(_PACKAGE)}\0".encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file that is never there by half: what was there before stays until then.

    Raises UserError if `path` is a folder or in none, and OSError as writing does.
    """
    if path.is_dir():
        raise UserError(f"cannot write {path}: it is a folder; say a file")
    if not path.parent.is_dir():
        raise UserError(f"cannot write {path}: there is no folder {path.parent}")
    unfinished = path.with_name(f".{path.name}.unfinished-{os.getpid()}")
    try:
        with _naming(path):
            unfinished.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _make(path: Path, origin: str) -> None:
    """Make a run folder, at once with its marker: a process that is killed here leaves nothing that is not ours."""
    made = path.with_name(f".{path.name}.new-{os.getpid()}")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    (made / MARKER).write_text(json.dumps({"format": _FORMAT, "version": _VERSION, "of": origin}) + "\n")
    try:
        os.replace(made, path)
    except OSError:  # another process was first
        shutil.rmtree(made)


def _marker(path: Path) -> dict[str, Any]:
    """What the marker of a run folder says. Raises UserError if it has none, or one of another version."""
    file = path / MARKER
    if not path.is_dir():
        raise UserError(f"{path} is a file, and a run would be written there: choose another --runs")
    if not file.is_file():
        earlier = any(path.glob(f"*/{_RECORD}"))
        why = "was made by an earlier version of hwcodesign" if earlier else "is not a run of hwcodesign"
        raise UserError(
            f"{path} {why} (it has no {MARKER}): nothing in it was touched. Give another --runs, another name, or "
            "move the folder away"
        )
    try:
        found: dict[str, Any] = json.loads(file.read_text())
        known = found["format"] == _FORMAT and found["version"] == _VERSION and isinstance(found["of"], str)
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise UserError(f"{file} is damaged or of another version of hwcodesign: use another --runs")
    return found


def _record(folder: Path) -> dict[str, Any]:
    """A stage's record. Raises UserError if it is damaged."""
    file = folder / _RECORD
    try:
        found: dict[str, Any] = json.loads(file.read_text())
        whole = isinstance(found["fingerprint"], str) and isinstance(found["summary"], dict)
        digests = [*found.get("made_from", {}).items(), *found.get("files", {}).items()]
        whole = whole and all(isinstance(value, str) for _, value in digests)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise UserError(f"{file} is damaged: the stage {folder.name!r} makes it anew; {_remedy(folder)}")
    return found


def _require_ours(place: Path) -> None:
    if place.is_symlink() or (place.exists() and not (place / _RECORD).is_file()):
        raise UserError(
            f"{place} is not a stage's result (it holds no {_RECORD}): nothing in it was touched. Move it away"
        )


def _holds_work(folder: Path) -> bool:
    return folder.is_dir() and any(path.name != "fingerprint" for path in folder.iterdir())


def _files(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(folder)): _sha256(path) for path in paths if path.name != "fingerprint"}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _not_as_written(path: Path) -> str:
    stage = path.parent
    while not (stage / _RECORD).is_file():
        stage = stage.parent
    return f"{path} is not as the stage {stage.name!r} wrote it: {_remedy(stage)}"


def _remedy(stage: Path) -> str:
    return f"run again with --from {stage.name}, or delete {stage} to have it made anew"


def _started_as(folder: Path) -> str | None:
    marker = folder / "fingerprint"
    return marker.read_text() if marker.is_file() else None


def _fresh(folder: Path, fingerprint: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "fingerprint").write_text(fingerprint)


def _replace(new: Path, place: Path) -> None:
    _require_ours(place)
    old = place.with_name(f".{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    (new / "fingerprint").unlink(missing_ok=True)
    if place.exists():
        os.replace(place, old)
    os.replace(new, place)
    shutil.rmtree(old, ignore_errors=True)
