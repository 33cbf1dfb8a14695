"""Pictures as files, and as tensors (B, 3, H, W) with values in [0, 1]."""
