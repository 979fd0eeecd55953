"""hwcodesign: from a CNN idea to FPGA hardware that is proven bit for bit.

`import hwcodesign as hw` has the functions of hwcodesign/api.py: hw.load_recipe, hw.check, hw.train and others,
imported when the first of them is used.
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from hwcodesign.core.version import __version__ as __version__

__all__ = ["check", "load_recipe", "lower", "plan", "quantize", "report", "scores", "simulate", "train"]

if TYPE_CHECKING:
    from hwcodesign.api import check, load_recipe, lower, plan, quantize, report, scores, simulate, train


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'hwcodesign' has no attribute {name!r}")
    from hwcodesign import api

    return getattr(api, name)


class _Room(ModuleType):
    """A package whose name is a verb: `hwcodesign.check` is one, `hwcodesign.check(recipe)` a function of api.py."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return __getattr__(self.__name__.rpartition(".")[2])(*arguments, **named)


class _Package(ModuleType):
    """Python hands each subpackage that was imported to its parent, under the name that the function has here."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in __all__ and isinstance(value, ModuleType):
            value.__class__ = _Room
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
