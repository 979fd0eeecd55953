"""How good it is: the ladder from training to RTL, the confusion matrix, and the mistakes."""

from typing import Any

import numpy as np

from hwcodesign.core.classified import confusion, surest_mistakes
from hwcodesign.core.score_map import INTEGERS
from hwcodesign.core.tasks import task_in, told
from hwcodesign.flow.report import of_known_scores
from hwcodesign.report.facts import Facts
from hwcodesign.report.html import paragraph, picture, png_of, table, text

ORDER, TITLE = 10, "Accuracy"
MOST_CLASSES = 24  # in a matrix that a person can read
MISTAKES = 24


def section(facts: Facts) -> str | None:
    """What of it the run has."""
    reference = facts.report.get("reference")
    if not reference:
        return None
    parts = [paragraph(_origin(reference) + text(of_known_scores(facts.report)))]
    ladder = facts.report.get("ladder")
    if ladder and ladder.get("rungs"):
        parts.append(_ladder(ladder["rungs"]))
    predicted = None if facts.scores is None else task_in(reference).decided(facts.scores, INTEGERS)
    if facts.labels is not None and predicted is not None:
        parts.append(_confusion(facts, predicted))
        parts.append(_mistakes(facts, predicted))
    return "".join(parts)


def _origin(reference: dict[str, Any]) -> str:
    task = task_in(reference)
    if (figures := told(task, reference)) is None:
        return text(f"{reference['weights']} weights: there is no {task.test[0].title} to speak of")
    measured = f"{figures} of {reference['images']:,} {reference['split']} images"
    return text(f"{measured} of {reference['dataset']}, measured on {reference['device']}; seed {reference['seed']}")


def _ladder(rungs: list[dict[str, Any]]) -> str:
    heads = list(dict.fromkeys(key for rung in rungs for key in rung))
    return table(heads, [[text(_short(rung.get(head))) for head in heads] for rung in rungs])


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)


def _confusion(facts: Facts, predicted: np.ndarray) -> str:
    names = facts.classes
    assert facts.labels is not None
    if len(names) > MOST_CLASSES:
        return paragraph(text(f"{len(names)} classes: the matrix is in pictures/confusion.png"), "soft")
    rows = []
    for name, row in zip(names, confusion(facts.labels, predicted, len(names)), strict=True):
        rows.append([f"<b>{text(name)}</b>", *(_cell(count, row.sum()) for count in row)])
    return paragraph("Rows: true class; columns: predicted class.") + table(["true \\ predicted", *names], rows)


def _cell(count: int, total: int) -> str:
    share = count / total if total else 0.0
    ink = "#fff" if share > 0.5 else "inherit"
    style = f"background:rgba(59,111,182,{share:.2f});color:{ink}"
    return f'<div style="{style}">{count or ""}</div>' if count else ""


def _mistakes(facts: Facts, predicted: np.ndarray) -> str:
    assert facts.labels is not None
    assert facts.scores is not None
    assert facts.frames is not None
    wrong = surest_mistakes(facts.scores, facts.labels)
    if not len(wrong):
        return paragraph("Every held-out image is classified right.")
    surest = wrong[:MISTAKES]
    names, channels = facts.classes, facts.frames.shape[3]
    if facts.frames.dtype != np.uint8 or channels not in (1, 3):
        return ""
    captions = [f"{names[facts.labels[i]]}, predicted {names[predicted[i]]}" for i in surest]
    shown = "".join(picture(png_of(facts.frames[i]), words, 72) for i, words in zip(surest, captions, strict=True))
    head = f"{len(wrong):,} of {len(predicted):,} are classified wrong; the surest {len(surest)}:"
    return paragraph(text(head)) + f'<div class="gallery">{shown}</div>'
