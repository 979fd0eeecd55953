"""Puts the page together."""

from pathlib import Path

from hwcodesign.core.run_folder import RunFolder, write_whole
from hwcodesign.report.facts import Facts, facts_of
from hwcodesign.report.html import STYLE, text
from hwcodesign.report.sections import sections

PAGE = "report.html"


def write_page(run: RunFolder) -> Path:
    """Write report.html into the run folder. Raises UserError if a document there is damaged."""
    path = run.path / PAGE
    write_whole(path, render(facts_of(run)))
    return path


def render(facts: Facts) -> str:
    """The page: every section that has something to tell."""
    parts = []
    for module in sections():
        body = module.section(facts)
        if body:
            name = module.__name__.rsplit(".", 1)[1]
            parts.append(f'<section id="{name}"><h2>{text(module.TITLE)}</h2>{body}</section>')
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(facts.name)}</title><style>{STYLE}</style></head>"
        f"<body><h1>{text(facts.name)}</h1>{''.join(parts)}</body></html>\n"
    )
