"""Our quantizers beside those that people use, on one table (extra: compare)."""
