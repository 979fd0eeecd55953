"""Whether what lies in the folder of emit is what the plan gives: the file and the line that are not."""

import tempfile
from pathlib import Path

from hwcodesign.emit.top_level import emit
from hwcodesign.plan import Plan


def first_changed(emitted: Path, plan: Plan) -> str | None:
    """The first file of `emitted` that differs from what `plan` gives now, with its line; None if none does."""
    with tempfile.TemporaryDirectory() as scratch:
        anew = Path(scratch) / "emit"
        anew.mkdir()
        emit(plan.design, plan.foldings, plan.storage, anew)
        for path in sorted(p for p in anew.rglob("*") if p.is_file()):
            name = path.relative_to(anew)
            theirs = emitted / name
            if not theirs.is_file():
                return f"emit/{name} is missing"
            if theirs.read_bytes() != path.read_bytes():
                return f"emit/{name} is not what the plan gives, from line {_line(theirs, path)} on"
    return None


def _line(left: Path, right: Path) -> int:
    lines = [path.read_bytes().splitlines() for path in (left, right)]
    same = next((at for at, (a, b) in enumerate(zip(*lines, strict=False)) if a != b), min(map(len, lines)))
    return same + 1
