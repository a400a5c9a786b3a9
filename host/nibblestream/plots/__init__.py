"""Figures: waveforms and spectrograms, and the style that all figures share."""
