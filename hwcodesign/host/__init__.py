"""The host's side of a programmed board: numpy is all it needs, and pyserial or pynq for the line to the board.

from hwcodesign.host import Accelerator

with Accelerator("/dev/ttyUSB0") as board:
    scores, classes = board.predict(images)
"""

from hwcodesign.host.accelerator import Accelerator, Predictions
from hwcodesign.host.contract import Contract

__all__ = ["Accelerator", "Contract", "Predictions"]
