"""Plots of waveforms and spectrograms, and the style shared by all figures."""
