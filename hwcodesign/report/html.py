"""The few pieces of HTML that sections are made of. Everything that is text goes through `text`."""

import base64
import html
from collections.abc import Iterable, Sequence
from io import BytesIO

import numpy as np

STYLE = """
:root { --ink: #1b1f24; --soft: #57606a; --line: #d8dee4; --good: #1a7f37; --bad: #b42318; --bar: #3b6fb6 }
* { box-sizing: border-box }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); margin: 0 auto; max-width: 64rem; padding: 1rem }
h1, h2 { line-height: 1.2 } h2 { margin-top: 2.2rem; border-bottom: 1px solid var(--line); padding-bottom: 0.3rem }
.scroll { overflow-x: auto } table { border-collapse: collapse; font-size: 0.9rem; min-width: 60% }
th, td { padding: 0.25rem 0.6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap }
th:first-child, td:first-child { text-align: left } td.text { text-align: left; white-space: normal }
.good { color: var(--good); font-weight: 600 } .bad { color: var(--bad); font-weight: 600 } .soft { color: var(--soft) }
.verdict { font-size: 1.15rem; border-left: 6px solid var(--good); padding: 0.6rem 1rem; background: #f4f8f5 }
.verdict.bad { border-color: var(--bad); background: #fbf2f1; font-weight: 400; color: inherit }
.bar { background: #eaeef2; height: 0.75rem; min-width: 7rem; position: relative }
.bar i { display: block; height: 100%; background: var(--bar) } .bar i.over { background: var(--bad) }
.gallery { display: flex; flex-wrap: wrap; gap: 0.8rem } figure { margin: 0; text-align: center; font-size: 0.8rem }
figure img { image-rendering: pixelated } .wide { max-width: 100%; height: auto; image-rendering: auto }
@media print { body { max-width: none; font-size: 11pt } h2 { break-after: avoid } tr, figure { break-inside: avoid } }
"""


def text(value: object) -> str:
    """Any value as text that cannot be taken for HTML."""
    return html.escape(str(value))


def paragraph(content: str, kind: str = "") -> str:
    """`content` is HTML already."""
    return f'<p class="{kind}">{content}</p>' if kind else f"<p>{content}</p>"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are HTML already; heads are text."""
    head = "".join(f"<th>{text(name)}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def bar(share: float) -> str:
    """How much of a whole is used; more than all of it is red."""
    over = ' class="over"' if share > 1 else ""
    width = max(0.0, min(1.0, share))
    return f'<div class="bar" role="img" aria-label="{share:.0%}"><i{over} style="width:{width:.1%}"></i></div>'


def picture(png: bytes, caption: str, width: int = 0) -> str:
    """A PNG inside the page; `width` in pixels, or as wide as there is room."""
    source = base64.b64encode(png).decode()
    size = f'width="{width}"' if width else 'class="wide"'
    return (
        f'<figure><img {size} alt="{text(caption)}" src="data:image/png;base64,{source}">'
        f"<figcaption>{text(caption)}</figcaption></figure>"
    )


def png_of(frame: np.ndarray) -> bytes:
    """An image (H, W, 1 or 3), uint8, as a PNG."""
    from PIL import Image

    out = BytesIO()
    Image.fromarray(frame[:, :, 0] if frame.shape[2] == 1 else frame).save(out, format="PNG")
    return out.getvalue()
