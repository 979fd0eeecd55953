"""The pictures that `hwcodesign pictures` has drawn."""

from hwcodesign.report.facts import Facts
from hwcodesign.report.html import picture

ORDER, TITLE = 50, "Pictures"


def section(facts: Facts) -> str | None:
    """All of them, inside the page; confusion matrix and mistakes stand above already."""
    drawn = [path for path in facts.pictures if path.stem not in ("confusion", "misclassified")]
    return "".join(picture(path.read_bytes(), path.stem) for path in drawn) or None
