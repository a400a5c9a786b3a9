"""From folders of speech and noise to a trained network (extra: train; it needs PyTorch)."""
