"""Notices that routing does not end: where two nets are left with one way, nextpnr's second router tries for ever."""

import re

from hwcodesign.core.errors import UserError

PATIENCE = 40  # rounds without a wire less; the longest wait of a design that was routed then was ten
_ROUND = re.compile(r"\biter=\d+ .*?\boverused=(\d+)")


class Convergence:
    """What the router's rounds have come to; `see` takes every line that nextpnr prints."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.fewest: int | None = None
        self.rounds = 0

    def see(self, line: str) -> None:
        """Raises UserError once PATIENCE rounds left as many wires shared as those before them."""
        if not (found := _ROUND.search(line)):
            return
        overused = int(found[1])
        if self.fewest is None or overused < self.fewest:
            self.fewest, self.rounds = overused, 0
            return
        self.rounds += 1
        if self.rounds >= PATIENCE:
            wires = f"{self.fewest} wire{'s' if self.fewest > 1 else ''}"
            raise UserError(
                f"routing does not end: {wires} shared by several nets since {PATIENCE} rounds of nextpnr's router. "
                f"Another placement is routed mostly: --seed {self.seed + 1} (the design is not synthesised again)"
            )
