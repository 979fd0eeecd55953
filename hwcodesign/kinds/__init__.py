"""The kinds of hardware layers, one module each, of the kind's name. A new module in this folder is found by itself.

A kind from elsewhere is found, too: a package names it under the entry point `hwcodesign.kinds`, and its class says in
`sources` where its SystemVerilog lies.
"""

import importlib
import pkgutil
from functools import cache

from hwcodesign.kinds.kind import IN_LUTS, Folding, Kind, Logic, Memory, MemoryImage, Role, Storage

__all__ = ["IN_LUTS", "Folding", "Kind", "Logic", "Memory", "MemoryImage", "Role", "Storage", "all_kinds", "kind_of"]


@cache
def all_kinds() -> dict[str, Kind]:
    """Every kind by its name: those that the modules here define, and those of other packages."""
    from importlib.metadata import entry_points  # reads a file of every package that is installed

    found = [kind for name in _modules() if (kind := _ours(name))]
    found += [entry.load()() for entry in entry_points(group=__name__)]
    return {kind.name: kind for kind in sorted(found, key=lambda kind: kind.name)}


def kind_of(name: str) -> Kind:
    """The kind called `name`, whose module alone is imported; a KeyError here is a fault of ours, never of the user."""
    return _ours(name) or all_kinds()[name]


@cache
def _ours(name: str) -> Kind | None:
    """The kind that the module `name` of this folder defines, if there is one."""
    if name not in _modules():
        return None
    module = importlib.import_module(f"{__name__}.{name}")
    classes = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, Kind)]
    return next((cls() for cls in classes if vars(cls).get("name") == name), None)


@cache
def _modules() -> frozenset[str]:
    return frozenset(module.name for module in pkgutil.iter_modules(__path__))
