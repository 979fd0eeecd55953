"""One figure of a table: ours, the printed one, and whether they agree to the printed digits."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction


@dataclass(frozen=True)
class PaperRow:
    """`ours` in `unit`, exact, or as text; `printed` as it is printed, without its unit, or "" where we quote none.

    `why` is the reason for a difference, as far as we know it.
    """

    what: str
    ours: Fraction | str
    printed: str = ""
    unit: str = ""
    why: str = ""

    @property
    def agrees(self) -> bool | None:
        """Whether ours, rounded to the printed digits, is what is printed; None where nothing is."""
        if not self.printed:
            return None
        return self.printed_value == self._to_printed_digits(ROUND_HALF_UP)

    @property
    def reason(self) -> str:
        """Why the figures differ; empty where they agree."""
        if self.agrees is not False:
            return ""
        if self.why:
            return self.why
        cut_off = self.printed_value == self._to_printed_digits(ROUND_DOWN)
        return "printed with the further digits cut off, not rounded" if cut_off else "no reason found"

    @property
    def difference(self) -> str:
        """Printed minus ours, relative to ours."""
        if self.agrees is not False or isinstance(self.ours, str):
            return ""
        return f"{float(Fraction(self.printed.replace(',', '')) / self.ours - 1):+.1%}"

    @property
    def printed_value(self) -> Decimal | str:
        return self.printed if isinstance(self.ours, str) else Decimal(self.printed.replace(",", ""))

    def _to_printed_digits(self, rounding: str) -> Decimal | str:
        """Ours with as many decimals as are printed; zeros at the end of a whole number count as rounded away."""
        if isinstance(self.ours, str):
            return self.ours
        number = Decimal(self.printed.replace(",", ""))
        step = number if "." in self.printed else number.normalize()
        exact = Decimal(self.ours.numerator) / Decimal(self.ours.denominator)
        return exact.quantize(Decimal((0, (1,), int(step.as_tuple().exponent))), rounding=rounding)


@dataclass(frozen=True)
class PaperTable:
    """A table of the dissertation: its number and title, what ours counts, and the rows."""

    number: str
    title: str
    about: str
    rows: Sequence[PaperRow]
