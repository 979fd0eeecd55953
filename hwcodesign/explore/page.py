"""A search as one self-contained HTML page: fronts, parallel coordinates, and what each key is worth."""

import html
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwcodesign.core.run_folder import write_whole
from hwcodesign.explore.results import Point, Results
from hwcodesign.explore.study import TRAINED, Study
from hwcodesign.explore.table import figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 72rem; padding: 0 1rem; color: #1c1c1c }
h1, h2 { line-height: 1.2 } table { border-collapse: collapse; font-size: 0.9rem }
td, th { padding: 0.25rem 0.7rem; text-align: right; border-bottom: 1px solid #ddd } .scroll { overflow-x: auto }
p.note { color: #555 }
"""
GREY, BLUE, RED = "#b8b8b8", "#3b6fb6", "#c0392b"
LEAST_FOR_IMPORTANCE = 8  # points, below which a share of variance means nothing


def write_page(study: Study, results: Results, path: Path) -> None:
    """Write the page. Plotly's script is inside, so it opens from a file, without a network."""
    import plotly.io

    parts: list[str] = []
    script: bool | str = True
    for title, note, chart in _charts(study, results):
        body = plotly.io.to_html(
            chart, full_html=False, include_plotlyjs=script, default_height="460px", config={"responsive": True}
        )
        script = False
        parts.append(f"<h2>{html.escape(title)}</h2><p class=note>{html.escape(note)}</p>{body}")
    text = (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(study.name)}</title><style>{STYLE}</style>"
        f"<h1>{html.escape(study.name)}</h1>{_summary(study, results)}{''.join(parts)}</html>\n"
    )
    write_whole(path, text)


def _summary(study: Study, results: Results) -> str:
    names = [
        name for name in _figures(results) if name in study.objectives or name in ("lut", "block_ram", "frame_rate")
    ]
    head = "".join(f"<th>{html.escape(text)}</th>" for text in ("point", *study.space, *names))
    rows = "".join(
        f"<tr><td>{p.number}</td>"
        + "".join(f"<td>{html.escape(str(p.params[key]))}</td>" for key in study.space)
        + "".join(f"<td>{html.escape(figure(name, p))}</td>" for name in names)
        + "</tr>"
        for p in results.front
    )
    tried = ", ".join(f"{step}: {done:,} of {wanted:,}" for step, (done, wanted) in results.progress.items())
    agreement = "".join(
        f"<p>Rank correlation of {html.escape(pair)}: {agreed.spearman:.2f} (Spearman), {agreed.kendall:.2f} (Kendall) "
        f"over {agreed.points} points.</p>"
        for pair, agreed in results.agreement.items()
    )
    return (
        f"<p>{study.count:,} points in the space; tried: {html.escape(tried)}.</p>{agreement}"
        f"<h2>The front</h2><div class=scroll><table><tr>{head}</tr>{rows}</table></div>"
    )


def _charts(study: Study, results: Results) -> list[tuple[str, str, "go.Figure"]]:
    charts = []
    first = study.objectives[0]
    others = [*study.objectives[1:], *(["parameters"] if first in TRAINED else [])]
    for other in dict.fromkeys(others):
        charts.append((f"{first} against {other}", "Grey: does not fit or outside the bounds; blue: dominated; red: "
                       "the front.", _scatter(study, results, other, first)))  # fmt: skip
    charts.append(("All points", "One line a point; drag along an axis to select.", _parallel(study, results)))
    importance = _importance(study, results)
    if importance is not None:
        note = "Share of the variance of each objective that the key alone explains, over the points that fit."
        charts.append(("What each key is worth", note, importance))
    return charts


def _scatter(study: Study, results: Results, x: str, y: str) -> "go.Figure":
    import plotly.graph_objects as go

    groups = (
        ("left out", GREY, [p for p in results.points if p.excluded]),
        ("dominated", BLUE, [p for p in results.points if not p.excluded and not p.in_front]),
        ("front", RED, sorted(results.front, key=lambda p: p.figures.get(x, 0.0))),
    )
    chart = go.Figure()
    for name, color, points in groups:
        drawn = [p for p in points if x in p.figures and y in p.figures]
        chart.add_scatter(
            x=[p.figures[x] for p in drawn],
            y=[p.figures[y] for p in drawn],
            mode="lines+markers" if name == "front" and x in study.objectives else "markers",
            name=name,
            marker={"color": color, "size": 9 if name == "front" else 6},
            text=[_label(p) for p in drawn],
            hovertemplate="%{text}<br>" + f"{x} %{{x}}<br>{y} %{{y}}<extra></extra>",
        )
    chart.update_layout(xaxis_title=x, yaxis_title=y, margin={"t": 20}, template="plotly_white")
    return chart


def _parallel(study: Study, results: Results) -> "go.Figure":
    import plotly.graph_objects as go

    kept = [p for p in results.points if p.figures]
    columns = [_axis(key.split(".", 1)[1], [p.params[key] for p in kept]) for key in study.space]
    names = [name for name in study.objectives if all(name in p.figures for p in kept)]
    columns += [{"label": name, "values": [p.figures[name] for p in kept]} for name in names]
    colors = [2 if p.in_front else 0 if p.excluded else 1 for p in kept]
    scale = [[0, GREY], [0.5, BLUE], [1, RED]]
    line = {"color": colors, "colorscale": scale, "cmin": 0, "cmax": 2}
    return go.Figure(go.Parcoords(line=line, dimensions=columns)).update_layout(margin={"l": 90, "r": 60})


def _axis(label: str, values: Sequence[Any]) -> dict[str, Any]:
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return {"label": label, "values": list(values)}
    texts = sorted({str(value) for value in values})
    places = [texts.index(str(value)) for value in values]
    return {"label": label, "values": places, "tickvals": list(range(len(texts))), "ticktext": texts}


def _importance(study: Study, results: Results) -> "go.Figure | None":
    import plotly.graph_objects as go

    kept = [p for p in results.points if not p.excluded]
    if len(kept) < LEAST_FOR_IMPORTANCE:
        return None
    chart = go.Figure()
    for objective in study.objectives:
        having = [p for p in kept if objective in p.figures]
        if len(having) >= LEAST_FOR_IMPORTANCE:
            shares = [explained(having, key, objective) for key in study.space]
            chart.add_bar(x=list(study.space), y=shares, name=objective)
    return chart.update_layout(barmode="group", yaxis_range=[0, 1], margin={"t": 20}, template="plotly_white")


def explained(points: Sequence[Point], key: str, objective: str) -> float:
    """The share of the objective's variance between the groups of equal `key` (the correlation ratio, eta squared)."""
    import numpy as np

    values = np.array([point.figures[objective] for point in points])
    total = values.var()
    if total == 0:
        return 0.0
    labels = np.array([str(point.params[key]) for point in points])
    between = sum((labels == one).mean() * (values[labels == one].mean() - values.mean()) ** 2 for one in set(labels))
    return float(between / total)


def _figures(results: Results) -> list[str]:
    return list(dict.fromkeys(name for point in results.points for name in point.figures))


def _label(point: Point) -> str:
    params = ", ".join(f"{key.split('.', 1)[1]} {value}" for key, value in point.params.items())
    return html.escape(f"point {point.number}: {params}" + (f" ({point.excluded})" if point.excluded else ""))
