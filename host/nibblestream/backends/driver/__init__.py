"""The overlay's driver: what turns a block of spectra into register writes and three transfers.

It runs on the unmodified `pynq` package, on a board or on a virtual one: only the active `pynq`
Device differs.
"""
