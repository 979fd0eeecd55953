"""The run folder: one folder per stage, written whole or not at all, and skipped when nothing it reads has changed."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwcodesign import __version__
from hwcodesign.core.errors import UserError, did_you_mean

Summary = dict[str, Any]
_RECORD = "stage.json"


@dataclass(frozen=True)
class Stage:
    """One step from recipe to report.

    `function(run, folder)` writes its files into `folder` and returns a summary for report.json. `inputs` are files or
    folders it reads; `settings` is anything else its result depends on. A stage that can go on after Ctrl-C keeps
    its unfinished folder (`resumable`).
    """

    name: str
    inputs: tuple[Path, ...]
    settings: Any
    function: Callable[[Path], Summary]
    resumable: bool = False


@dataclass(frozen=True)
class RunFolder:
    """`runs/<name>/`, with a folder for every stage that has run."""

    path: Path

    def stage(self, name: str) -> Path:
        """The folder of a finished stage."""
        return self.path / name

    def finished(self, name: str) -> bool:
        return (self.stage(name) / _RECORD).is_file()

    def summary(self, name: str) -> Summary:
        """What the stage reported. Raises UserError if it has not run."""
        try:
            summary: Summary = json.loads((self.stage(name) / _RECORD).read_text())["summary"]
        except (OSError, ValueError, KeyError):
            raise UserError(f"{self.path}: the stage {name!r} has not been run yet") from None
        return summary

    def is_current(self, stage: Stage) -> bool:
        """Whether the stage's result is there and everything it was made from is still the same."""
        try:
            record = json.loads((self.stage(stage.name) / _RECORD).read_text())
        except (OSError, ValueError):
            return False
        return bool(record["fingerprint"] == _fingerprint(stage))

    def execute(self, stage: Stage) -> Summary:
        """Run the stage into a temporary folder and put that in place once it is whole.

        The former result stays until then. Raises UserError if an input is missing or the folder cannot be written.
        """
        for path in stage.inputs:
            if not path.exists():
                raise UserError(f"the stage {stage.name!r} needs {path}, which is not there: run the stage before it")
        fingerprint = _fingerprint(stage)
        unfinished = self.path / f".{stage.name}.unfinished"
        if not (stage.resumable and _started_as(unfinished) == fingerprint):
            if stage.resumable and unfinished.exists():  # hours of work, perhaps, of what has changed since
                _replace(unfinished, self.path / f"{stage.name}.former")
            _fresh(unfinished, fingerprint)
        start = time.monotonic()
        summary = stage.function(unfinished)
        seconds = round(time.monotonic() - start, 3)
        record = {"fingerprint": fingerprint, "seconds": seconds, "summary": {**summary, "seconds": seconds}}
        (unfinished / _RECORD).write_text(json.dumps(record, indent=1) + "\n")
        _replace(unfinished, self.stage(stage.name))
        return self.summary(stage.name)


def existing_run(name: str, runs: Path) -> RunFolder:
    """The run `name` in the folder `runs`, or at the path `name`. Raises UserError if there is none."""
    for path in (runs / name, Path(name)):
        if path.is_dir():
            return RunFolder(path.resolve())
    known = [path.name for path in runs.iterdir() if path.is_dir()] if runs.is_dir() else []
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
    return hashlib.sha256(f"{__version__}\0{settings}\0{digest(stage.inputs)}".encode()).hexdigest()


def _started_as(folder: Path) -> str | None:
    marker = folder / "fingerprint"
    return marker.read_text() if marker.is_file() else None


def _fresh(folder: Path, fingerprint: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "fingerprint").write_text(fingerprint)


def _replace(new: Path, place: Path) -> None:
    old = place.with_name(f".{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    (new / "fingerprint").unlink(missing_ok=True)
    if place.exists():
        os.replace(place, old)
    os.replace(new, place)
    shutil.rmtree(old, ignore_errors=True)
