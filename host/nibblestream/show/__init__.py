"""Displays for the notebooks: players, figures, integer tables, a panel (extra: notebooks)."""

from .bandwidth import bytes_a_frame, roofline
from .beats import accumulating, accumulator_picture, beat, headers
from .cordic_steps import turning, turning_picture
from .equality import same_bits
from .figures import paper_figure
from .intelligibility import scores, stoi_against_bits
from .nearest import backend
from .partitions import intervals, rounding
from .playback import players
from .spectra import spectrograms
from .trace import Frame, frame
from .users_network import comparison, own_network

__all__ = [
    "Frame",
    "accumulating",
    "accumulator_picture",
    "backend",
    "beat",
    "bytes_a_frame",
    "comparison",
    "frame",
    "headers",
    "intervals",
    "own_network",
    "paper_figure",
    "players",
    "roofline",
    "rounding",
    "same_bits",
    "scores",
    "spectrograms",
    "stoi_against_bits",
    "turning",
    "turning_picture",
]
