"""FINN as a quiet library: it reads folders from the environment when it is imported, and talks a lot."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def finn_environment(folder: Path) -> Iterator[None]:
    """Inside, FINN may be imported and used, without warnings; it writes into `folder` alone, never the home folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("FINN_BUILD_DIR", "FINN_SETTINGS", "FINN_DEPS"):
        os.environ[name] = str(folder.resolve())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
