"""FINN kept quiet and out of the home folder."""

import os
import warnings
from pathlib import Path

from hwcodesign.lower.environment import finn_environment


def test_what_finn_writes_is_thrown_away_and_its_warnings_with_it() -> None:
    with finn_environment():
        folder = Path(os.environ["FINN_BUILD_DIR"])
        assert folder == Path(os.environ["FINN_SETTINGS"]) == Path(os.environ["FINN_DEPS"]) and folder.is_dir()
        (folder / "left behind").touch()
        with warnings.catch_warnings(record=True) as seen:
            warnings.warn("noise", stacklevel=1)
        assert not seen
    assert not folder.exists()
