"""From a trained checkpoint to QONNX and its reference."""
