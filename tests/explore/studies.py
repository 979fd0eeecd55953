"""Small studies of the digits network for tests: planned in a moment, trained in seconds."""

from pathlib import Path

PLANNED = """
name = "planned"
recipe = "digits-squeezenet"
objectives = ["frame_rate", "lut"]
[space]
"network.SR" = [0.125, 0.5]
"network.base_e" = { low = 8, high = 16, step = 8 }
"network.pool_after" = [["conv1", "fire3"], ["conv1", "fire2"]]
"hardware.frame_rate" = [1000, 20000]
[search]
sampler = "all"
"""

TRAINED = """
name = "trained"
recipe = "digits-squeezenet"
objectives = ["accuracy", "lut"]
[space]
"network.base_e" = [4, 8]
"network.incr_e" = [0, 4]
"quantization.weight_bits" = [2, 4]
[[rungs]]
name = "short"
train = { epochs = 1, batch_size = 256 }
[[rungs]]
name = "long"
keep = 0.5
train = { epochs = 2, batch_size = 256 }
[search]
sampler = "tpe"
points = 4
"""


def write(text: str, folder: Path) -> Path:
    """The study's file."""
    path = folder / "study.toml"
    path.write_text(text)
    return path
