"""The kinds of hardware layers, one module each. A new module in this folder is found by itself."""

import importlib
import pkgutil
from functools import cache

from hwcodesign.kinds.kind import IN_LUTS, Folding, Kind, Logic, Memory, MemoryImage, Storage

__all__ = ["IN_LUTS", "Folding", "Kind", "Logic", "Memory", "MemoryImage", "Storage", "all_kinds", "kind_of"]


@cache
def all_kinds() -> dict[str, Kind]:
    """Every kind by its name: each module here but `kind` defines one subclass of Kind, named by its `name`."""
    modules = (m.name for m in pkgutil.iter_modules(__path__) if m.name not in ("kind", "shared"))
    found = {}
    for module in modules:
        importlib.import_module(f"{__name__}.{module}")
    for subclass in Kind.__subclasses__():
        found[subclass.name] = subclass()
    return dict(sorted(found.items()))


def kind_of(name: str) -> Kind:
    """The kind called `name`; a KeyError here is a fault of ours, never of the user."""
    return all_kinds()[name]
