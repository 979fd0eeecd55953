"""hwcodesign: from a CNN idea to FPGA hardware that is proven bit for bit.

`import hwcodesign as hw` has the functions of hwcodesign/api.py: hw.load_recipe, hw.check, hw.train and others,
imported when the first of them is used.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["check", "load_recipe", "lower", "plan", "quantize", "report", "scores", "simulate", "train"]

if TYPE_CHECKING:
    from hwcodesign.api import check, load_recipe, lower, plan, quantize, report, scores, simulate, train


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'hwcodesign' has no attribute {name!r}")
    from hwcodesign import api

    return getattr(api, name)
