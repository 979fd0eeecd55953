"""Rooms whose names are verbs: `hwcodesign.check` is a package, and `hwcodesign.check(recipe)` a function of api.py.

An imported subpackage takes the place of what its parent has under the same name, so it has to do that one's work.
"""

import sys
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """The function of hwcodesign/api.py that has the room's name."""
        from hwcodesign import api

        return getattr(api, self.__name__.rpartition(".")[2])(*arguments, **named)


def make_callable(name: str) -> None:
    """Let the package `name`, which is being imported, be called."""
    sys.modules[name].__class__ = _Room
