"""How the package is built: loose modules, rooms, imports, circles between rooms, lines. For any checkout of it.

    python benchmarks/structure.py [FOLDER ...]

A room is a folder of `hwcodesign/`, or a module that stands beside the folders. It reads the text alone, so a checkout
of any age can be measured without its packages: `git worktree add /tmp/before 56346c8` makes one.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.history import record

PACKAGE = "hwcodesign"
Graph = Mapping[str, set[str]]


def modules_of(root: Path) -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for file in sorted((root / PACKAGE).rglob("*.py")):
        parts = file.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def graph_of(root: Path) -> Graph:
    """Which module imports which others of the package."""
    modules = modules_of(root)
    return {name: imports(file, modules) - {name} for name, file in modules.items()}


def imports(file: Path, known: Mapping[str, Path]) -> set[str]:
    """The modules of the package that this one imports, wherever in it; a module of a package, not the package."""
    return {name for name in _imported(ast.parse(file.read_text()), known) if name in known}


def _imported(tree: ast.AST, known: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            inside = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name if name in known else node.module for name in inside)


def room_of(module: str) -> str:
    """The folder that a module lies in, or the module itself."""
    return ".".join(module.split(".")[:2])


def between_rooms(graph: Graph) -> dict[str, set[str]]:
    """Which room imports which others; the package's own __init__ is none."""
    rooms: dict[str, set[str]] = {}
    for module, others in graph.items():
        reached = rooms.setdefault(room_of(module), set())
        reached.update(room_of(other) for other in others if room_of(other) not in (room_of(module), PACKAGE))
    return rooms


def circles(graph: Graph) -> list[list[str]]:
    """Rooms or modules that all reach each other by imports: the strongly connected components of more than one."""
    reach = {room: _reachable(graph, room) for room in graph}
    found = {tuple(sorted(other for other in reach[room] if room in reach[other])) for room in graph}
    return sorted(list(circle) for circle in found if len(circle) > 1)


def _reachable(graph: Graph, start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for other in graph.get(waiting.pop(), set()) - seen:
            seen.add(other)
            waiting.append(other)
    return seen


def figures(root: Path) -> dict[str, float]:
    """What is printed, by its name."""
    modules, graph = modules_of(root), graph_of(root)
    rooms = between_rooms(graph)
    lines = [len(file.read_text().splitlines()) for file in modules.values()]
    loose = [n for n, f in modules.items() if f.parent == root / PACKAGE and not f.stem.startswith("__")]
    arrows = sum(map(len, graph.values()))
    return {
        "loose modules": len(loose),
        "modules": len(modules),
        "imports of each, on average": round(arrows / len(modules), 2),
        "rooms": len(rooms),
        "arrows between rooms": sum(map(len, rooms.values())),
        "circles between rooms": len(circles(rooms)),
        "circles between modules": len(circles(graph)),
        "lines": sum(lines),
        "lines of a module, median": sorted(lines)[len(lines) // 2],
        "lines of a module, largest": max(lines),
    }


def main() -> None:
    """Print the figures of every checkout that is named; of this one if none is, and record them."""
    for root in map(Path, sys.argv[1:] or ["."]):
        print(root.resolve())
        for name, value in figures(root).items():
            print(f"  {name:40} {value:,}")
        graph = graph_of(root)
        for circle in (*circles(between_rooms(graph)), *circles(graph)):
            print(f"  a circle: {', '.join(circle)}")
    if not sys.argv[1:]:
        record("structure", figures(Path()))


if __name__ == "__main__":
    main()
