"""Jobs side by side: what they give, and that nothing of them goes on when one fails."""

import threading
import time
from pathlib import Path

import pytest

from hwcodesign.core.crew import run_all
from hwcodesign.core.errors import UserError
from hwcodesign.core.tools import run


def test_what_they_give_comes_in_their_order() -> None:
    meet = threading.Barrier(3, timeout=10)  # all three run at once
    assert run_all([lambda i=i: meet.wait() * 0 + i for i in range(3)]) == [0, 1, 2]  # type: ignore[misc]


def test_one_that_fails_ends_the_programs_of_the_others(tmp_path: Path) -> None:
    def sleeps(name: str) -> None:
        (tmp_path / name).mkdir()
        run(["sh", "-c", "echo $$ > started; sleep 60; touch over"], tmp_path / name, tmp_path / name / "log")

    def fails() -> None:
        while not (tmp_path / "a" / "started").exists():
            time.sleep(0.05)
        raise UserError("wrong")

    start = time.monotonic()
    with pytest.raises(UserError, match=r"^wrong$"):
        run_all([lambda: sleeps("a"), fails, lambda: sleeps("b")])
    assert time.monotonic() - start < 30 and not (tmp_path / "a" / "over").exists()
