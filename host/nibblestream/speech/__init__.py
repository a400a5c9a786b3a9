"""Signal processing that applies a network to speech.

STFT, CORDIC, features, the integer pipeline, resampling, overlap-add.
"""
