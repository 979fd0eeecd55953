"""FINN as a quiet library: it reads folders from the environment when it is imported, and talks a lot."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def finn_environment() -> Iterator[None]:
    """Inside, FINN may be imported and used, without warnings; what it writes is thrown away, the home stays clean."""
    with tempfile.TemporaryDirectory(prefix="finn-") as folder, warnings.catch_warnings():
        for name in ("FINN_BUILD_DIR", "FINN_SETTINGS", "FINN_DEPS"):
            os.environ[name] = folder
        warnings.simplefilter("ignore")
        yield
