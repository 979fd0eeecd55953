"""Does a network fit a board?"""

from hwcodesign.core.callable_room import make_callable

make_callable(__name__)
