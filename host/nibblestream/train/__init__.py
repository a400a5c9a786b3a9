"""Training of networks on folders of speech and noise (extra: train; needs PyTorch)."""
