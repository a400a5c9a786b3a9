"""Any network in low-bit codes; knows nothing of sound, boards or FPGAs.

Schemes, look-up tables, layers, formats, packing, model files, integer layers.
"""
