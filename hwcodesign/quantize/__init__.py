"""Post-training quantization: float weights and some unlabelled images in, a network for hardware out."""

from hwcodesign.core.callable_room import make_callable

make_callable(__name__)
