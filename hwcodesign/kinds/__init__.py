"""The kinds of hardware layers, one module each. A new module in this folder is found by itself.

A kind from elsewhere is found, too: a package names it under the entry point `hwcodesign.kinds`, and its class says in
`sources` where its SystemVerilog lies.
"""

import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points

from hwcodesign.kinds.kind import IN_LUTS, Folding, Kind, Logic, Memory, MemoryImage, Role, Storage

__all__ = ["IN_LUTS", "Folding", "Kind", "Logic", "Memory", "MemoryImage", "Role", "Storage", "all_kinds", "kind_of"]


@cache
def all_kinds() -> dict[str, Kind]:
    """Every kind by its name: the subclasses of Kind that the modules here define, and those of other packages."""
    modules = [importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__) if not m.ispkg]
    ours = [c for m in modules for c in vars(m).values() if isinstance(c, type) and c.__module__ == m.__name__]
    others = [entry.load() for entry in entry_points(group=__name__)]
    found = [subclass for subclass in [*ours, *others] if issubclass(subclass, Kind) and subclass is not Kind]
    return {subclass.name: subclass() for subclass in sorted(found, key=lambda subclass: subclass.name)}


def kind_of(name: str) -> Kind:
    """The kind called `name`; a KeyError here is a fault of ours, never of the user."""
    return all_kinds()[name]
