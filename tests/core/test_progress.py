"""Progress for people: what is done is told, and a tool's line is no markup."""

import io

import pytest
from rich.console import Console

from hwcodesign.core import progress, terminal


def test_a_phase_leaves_one_line_with_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Console(file=io.StringIO(), width=100)
    monkeypatch.setattr(terminal, "console", lambda: screen)
    with progress.phase("place and route") as on_line:
        on_line("Info: [/bold] of a net [0]\n")  # would be bad markup
    assert screen.file.getvalue().strip().startswith("place and route: 0.")  # type: ignore[attr-defined]


def test_a_phase_that_fails_says_nothing_and_passes_the_error_on(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Console(file=io.StringIO(), width=100)
    monkeypatch.setattr(terminal, "console", lambda: screen)
    with pytest.raises(OSError, match="full"), progress.phase("pack"):
        raise OSError("full")
    assert "pack:" not in screen.file.getvalue()  # type: ignore[attr-defined]


def test_a_bar_counts_up_to_its_total(monkeypatch: pytest.MonkeyPatch) -> None:
    updates: list[int] = []
    monkeypatch.setattr("rich.progress.Progress.update", lambda self, task, completed: updates.append(completed))
    with progress.frames_bar("frames", 3) as on_frames:
        on_frames(1)
        on_frames(3)
    assert updates == [1, 3]
