"""A room that is called does what the function of its name in the Python interface does."""

import sys

import hwcodesign.check
from hwcodesign import api
from hwcodesign.core.callable_room import make_callable
from hwcodesign.recipe import load_recipe


def test_a_room_is_a_package_and_a_function() -> None:
    recipe = load_recipe("digits-squeezenet")
    assert hwcodesign.check(recipe) == api.check(recipe)
    assert hwcodesign.check.check.check_recipe(recipe) == api.check(recipe)  # type: ignore[attr-defined]


def test_every_room_that_the_interface_names_is_callable() -> None:
    rooms = [name for name in api.__all__ if f"hwcodesign.{name}" in sys.modules]
    assert "check" in rooms
    assert all(callable(sys.modules[f"hwcodesign.{name}"]) for name in rooms)
    make_callable("hwcodesign.check")  # again does no harm
