"""Names that become folders: of recipes and of runs."""

import re

LONGEST = 64  # characters: the folders and files below keep well within what file systems take
_LEGAL = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST - 1}}}")
RULE = f"1 to {LONGEST} of the letters A to Z and a to z, digits, '.', '_' and '-', the first a letter or a digit"


def is_legal(name: str) -> bool:
    """Whether `name` may name a recipe or a run; it can be no path, no option and no hidden folder then."""
    return _LEGAL.fullmatch(name) is not None


def made_legal(text: str) -> str:
    """A legal name that resembles `text`, such as the stem of somebody's file."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", text).lstrip("._-")[:LONGEST]
    return plain or "model"
