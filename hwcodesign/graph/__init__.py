"""The typed graph of hardware layers: building, predicting and interpreting it."""
