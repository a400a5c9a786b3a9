"""Benchmark of the backends: speed, memory traffic and time shares, with a float32 baseline."""
