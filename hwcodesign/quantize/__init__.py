"""Post-training quantization: float weights and some unlabelled images in, a network for hardware out."""
