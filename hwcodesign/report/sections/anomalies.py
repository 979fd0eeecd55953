"""How anomalous the held-out frames are, of a network that gives its input back: normal ones beside anomalies."""

import numpy as np

from hwcodesign.core.tasks.reconstruct import anomaly_scores
from hwcodesign.report.facts import Facts
from hwcodesign.report.html import bar, paragraph, picture, png_of, table, text

ORDER, TITLE = 11, "Anomaly scores"
RANGES = 12
SHOWN = 12


def section(facts: Facts) -> str | None:
    """A histogram of both, and the frames that are taken for the other sort first."""
    scored = facts.scored
    if scored is None or scored.pictures.task != "reconstruct" or scored.labels is None:
        return None
    errors, anomalous = anomaly_scores(scored), scored.labels > 0
    words = "The mean squared error of each frame's reconstruction; shares of all normal frames, and of all anomalies."
    parts = [paragraph(words), _histogram(errors, anomalous)]
    if facts.frames is not None and facts.frames.dtype == np.uint8 and facts.frames.shape[3] in (1, 3):
        normal, others = np.flatnonzero(~anomalous), np.flatnonzero(anomalous)
        high = normal[np.argsort(-errors[normal], kind="stable")][:SHOWN]
        low = others[np.argsort(errors[others], kind="stable")][:SHOWN]
        parts.append(_gallery(facts.frames, errors, high, "Normal frames that come back worst:"))
        parts.append(_gallery(facts.frames, errors, low, "Anomalies that come back best:"))
    return "".join(parts)


def _histogram(errors: np.ndarray, anomalous: np.ndarray) -> str:
    edges = np.linspace(errors.min(), errors.max(), RANGES + 1)
    counts = [np.histogram(errors[chosen], edges)[0] for chosen in (~anomalous, anomalous)]
    shares = [some / max(1, some.sum()) for some in counts]
    rows = [
        [text(f"{edges[i]:.4g} to {edges[i + 1]:.4g}"), *(f"{bar(share[i])} {share[i]:.1%}" for share in shares)]
        for i in range(RANGES)
    ]
    return table(["anomaly score", "normal", "anomalies"], rows)


def _gallery(frames: np.ndarray, errors: np.ndarray, chosen: np.ndarray, words: str) -> str:
    shown = "".join(picture(png_of(frames[i]), f"{errors[i]:.4g}", 72) for i in chosen)
    return paragraph(text(words)) + f'<div class="gallery">{shown}</div>'
