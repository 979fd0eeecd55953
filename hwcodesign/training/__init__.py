"""The parts of a training, one idea a file; `hwcodesign/train.py` is the loop that uses them."""
