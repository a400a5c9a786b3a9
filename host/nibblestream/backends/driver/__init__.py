"""The overlay's driver, which runs a block by register writes and three DMA transfers.

It uses the unmodified `pynq` package, on a board and on a virtual board: only the active `pynq`
Device differs.
"""
