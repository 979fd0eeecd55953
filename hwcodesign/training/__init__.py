"""The parts of a training, one idea a file; `hwcodesign/training/loop.py` is the loop that uses them."""
