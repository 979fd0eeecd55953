"""What a person sees when something cannot be done: one message, one exit code, no traceback."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Bad input. The message says what is wrong, where, what is allowed and the nearest legal choice."""

    exit_code = 2


class DoesNotFitError(UserError):
    """The design needs more than the board has."""

    exit_code = 3


class DivergedError(UserError):
    """A training's loss is no longer a number."""


class VerificationError(UserError):
    """Two stages that must agree bit for bit do not."""

    exit_code = 4


def did_you_mean(name: object, allowed: Iterable[str]) -> str:
    """The end of a message about an unknown name, whatever stands in its place: the nearest known one, and all."""
    names = sorted(allowed)
    small = {known.casefold(): known for known in names}
    near = difflib.get_close_matches(str(name).casefold(), small, n=1, cutoff=0.4)
    hint = f"did you mean {small[near[0]]!r}? " if near else ""
    return f"{hint}(allowed: {', '.join(names)})"


def nearest_numbers(value: int, allowed: Iterable[int], count: int = 2) -> list[int]:
    """The `count` allowed numbers that lie nearest to `value`, in rising order."""
    return sorted(sorted(allowed, key=lambda choice: (abs(choice - value), choice))[:count])
