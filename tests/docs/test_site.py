"""The site is built, strictly: every link leads somewhere, and what Python offers is on its page."""

import os
import re
import subprocess
import sys
from pathlib import Path

import hwcodesign as hw

ROOT = Path(__file__).parents[2]


def test_every_link_leads_somewhere_and_every_function_is_shown(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    variables = {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "reference" / "api" / "index.html").read_text()
    shown = set(re.findall(r'id="hwcodesign\.api\.(\w+)"', page))
    assert set(hw.__all__) <= shown
    assert not set(re.findall(r"<autoref|\[\w+\]\[\w+", page))
