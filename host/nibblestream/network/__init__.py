"""Networks with low-bit weight codes, independent of audio, boards and FPGAs.

Quantization schemes, look-up tables, layers, Q formats, packing, model files, integer arithmetic.
"""
