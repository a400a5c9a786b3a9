"""Noise suppressors of other packages, scored beside our models (extra: peers).

`table` lists them. Each has a module of its name with one function, `enhance`, which streams a
whole recording through the package at the peer's own rate, from a fresh state.
"""
