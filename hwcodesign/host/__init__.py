"""The host's side of a programmed board: numpy is all it needs, and pyserial or pynq for the line to the board.

from hwcodesign.host import Accelerator

with Accelerator("/dev/ttyUSB0") as board:
    scores, classes = board.predict(images)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hwcodesign.host.accelerator import Accelerator, Predictions
    from hwcodesign.host.contract import Contract

__all__ = ["Accelerator", "Contract", "Predictions"]


def __getattr__(name: str) -> Any:
    """The driver is imported when it is asked for: the planner needs the packets alone."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from hwcodesign.host import accelerator, contract

    return getattr(contract if name == "Contract" else accelerator, name)
