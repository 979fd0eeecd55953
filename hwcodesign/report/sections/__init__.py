"""The sections of a page, one module each: ORDER (a number; the smallest comes first), TITLE, and section(facts).

`section` returns HTML made of the pieces in report/html.py, or None where the run has nothing to tell.
"""

import importlib
import pkgutil
from types import ModuleType


def sections() -> list[ModuleType]:
    """Every module here, in order."""
    found = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    return sorted(found, key=lambda module: (module.ORDER, module.__name__))
