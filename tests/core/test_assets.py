"""Kernels are found once, and those of kinds from elsewhere before ours."""

from pathlib import Path

import pytest

from hwcodesign.core.assets import asset_folder, hls_source
from hwcodesign.core.errors import UserError


def test_a_kernel_is_found_in_its_folder() -> None:
    assert hls_source("fifo") == asset_folder("hls") / "kernels" / "fifo.sv"


def test_a_folder_of_its_own_comes_first(tmp_path: Path) -> None:
    (tmp_path / "mine.sv").touch()
    assert hls_source("mine", more=[tmp_path]) == tmp_path / "mine.sv"
    assert hls_source("fifo", more=[tmp_path]) == hls_source("fifo")


@pytest.mark.parametrize("copies", [0, 2])
def test_none_and_two_are_refused(tmp_path: Path, copies: int) -> None:
    for copy in range(copies):
        (tmp_path / str(copy)).mkdir()
        (tmp_path / str(copy) / "twin.sv").touch()
    with pytest.raises(UserError, match=rf"has {copies} files twin\.sv; exactly one is needed"):
        hls_source("twin", tmp_path)
