"""Comparison of our quantizers with those of common libraries (extra: compare)."""
