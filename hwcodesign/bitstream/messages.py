"""What the tools say, in words for a person: warnings counted and grouped, failures explained."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hwcodesign.core.errors import DoesNotFitError, UserError
from hwcodesign.fpga.board import Board

# A missed clock is reported by itself.
_WARNING = re.compile(r"^\s*(?:\S+:\d+: )?warning:(?!\s*Max frequency)\s*(.*)", re.IGNORECASE)
_NAMES = re.compile(r"'[^']*'|\"[^\"]*\"|`[^'`]*['`]|\\?\S*[\d$\\/]\S*")  # what differs between two alike
_FULL = (
    r"no BELs remaining to implement cell type '(?P<cell>\w+)'",
    r"Unable to find a placement location for cell .* of type '(?P<cell>\w+)'",
    r"Unable to find legal placement",
    r"[Ff]ailed to place chain",
    r"probably at utilisation limit",
    r"[Nn]ot enough (?:free )?(?P<cell>\w+)",
)
_OUT_OF_MEMORY = r"bad_alloc|[Oo]ut of memory|MemoryError|wasm (?:trap|backtrace)"
_UNROUTED = r"[Ff]ailed to route|[Uu]nable to route|[Rr]outing design failed|Failed to find a route"


@dataclass(frozen=True)
class Warnings:
    """Warnings of one sort from one tool: how often, and the first of them in full."""

    tool: str
    count: int
    example: str


def warnings_in(log: Path) -> list[Warnings]:
    """The warnings of a log file, those that differ in names and numbers alone together, the most frequent first."""
    groups: dict[str, list[str]] = {}
    for line in log.read_text(errors="replace").splitlines():
        if (found := _WARNING.match(line)) and found[1]:
            groups.setdefault(_NAMES.sub("…", found[1]), []).append(found[1])
    grouped = [Warnings(log.stem, len(lines), lines[0]) for lines in groups.values()]
    return sorted(grouped, key=lambda group: (-group.count, group.example))


def explained(error: UserError, board: Board, log: Path) -> UserError:
    """The failure of a tool with what it means and what to do first, the tool's own words after."""
    text = log.read_text(errors="replace") if log.exists() else ""
    for pattern in _FULL:
        if found := re.search(pattern, text):
            cell = found.groupdict().get("cell")
            what = f"there are not enough {cell} on it" if cell else "there is no legal placement"
            return DoesNotFitError(
                f"the design is too large for {board.name}: {what}. "
                f"Plan for fewer frames per second, fewer bits, or a larger board.\n{error}"
            )
    if re.search(_OUT_OF_MEMORY, text):
        return UserError(f"the tool ran out of memory; a native one on the PATH needs less.\n{error}")
    if re.search(_UNROUTED, text):
        return UserError(f"the design was placed, but routing failed on {board.name}: try --seed N.\n{error}")
    return error


def as_rows(warnings: Iterable[Warnings]) -> list[str]:
    """One line each: 12x yosys: ..."""
    return [f"{group.count}x {group.tool}: {group.example}" for group in warnings]
