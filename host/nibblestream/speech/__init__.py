"""Speech through a network.

STFT, CORDIC, features, the integer pipeline, resampling, overlap-add.
"""
