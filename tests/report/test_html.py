"""Pieces of HTML: text is escaped, shares are bounded, images are inside the page."""

import base64
import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from hwcodesign.report.html import bar, paragraph, picture, png_of, table, text


def test_text_is_text() -> None:
    assert text('<b> & "it\'s"') == "&lt;b&gt; &amp; &quot;it&#x27;s&quot;" and text(7) == "7"
    assert paragraph(text("<i>"), "soft") == '<p class="soft">&lt;i&gt;</p>' and paragraph("x") == "<p>x</p>"


def test_heads_are_text_and_cells_are_html() -> None:
    found = table(["<LUT>"], [["<b>1</b>"], [text("<2>")]])
    assert "<th>&lt;LUT&gt;</th>" in found and "<td><b>1</b></td>" in found and "<td>&lt;2&gt;</td>" in found


@pytest.mark.parametrize(
    ("share", "width", "over"),
    [(0.25, "25.0%", False), (1.0, "100.0%", False), (1.3, "100.0%", True), (-0.1, "0.0%", False)],
)
def test_a_bar_stays_in_its_box_and_says_when_it_is_too_much(share: float, width: str, over: bool) -> None:
    found = bar(share)
    assert f"width:{width}" in found and ('class="over"' in found) == over and f'aria-label="{share:.0%}"' in found


@pytest.mark.parametrize("channels", [1, 3])
def test_a_frame_comes_back_from_the_page(channels: int) -> None:
    frame = np.arange(4 * 5 * channels, dtype=np.uint8).reshape(4, 5, channels)
    page = picture(png_of(frame), "a <cat>", 72)
    found = re.search(r'width="72" alt="a &lt;cat&gt;" src="data:image/png;base64,([^"]+)"', page)
    assert found is not None
    again = np.asarray(Image.open(BytesIO(base64.b64decode(found[1])))).reshape(frame.shape)
    assert (again == frame).all()
