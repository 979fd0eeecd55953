"""FPGA families, a vendor's line of chips a module: all that is known of one. A new module here is found by itself."""

import importlib
import pkgutil

from hwcodesign.fpga.family import Family


def _found() -> dict[str, Family]:
    modules = (importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    return {family.name: family for module in modules for family in module.FAMILIES}


FAMILIES = _found()
