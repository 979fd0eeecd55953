"""The emitted RTL in a simulator."""

from hwcodesign.core.callable_room import make_callable

make_callable(__name__)
