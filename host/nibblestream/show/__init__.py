"""Displays for the notebooks: players, figures, integer tables, a panel (extra: notebooks)."""

from .bandwidth import bytes_a_frame, roofline
from .beats import accumulating, accumulator_picture, beat, headers
from .classified import accuracies, margins, mistakes
from .cordic_steps import turning, turning_picture
from .digits import digits
from .equality import same_bits, same_outputs
from .figures import paper_figure
from .intelligibility import scores, stoi_against_bits
from .memory_picture import memory_picture
from .nearest import backend
from .partitions import intervals, rounding
from .playback import players
from .spectra import spectrograms
from .trace import Frame, frame

__all__ = [
    "Frame",
    "accumulating",
    "accumulator_picture",
    "accuracies",
    "backend",
    "beat",
    "bytes_a_frame",
    "digits",
    "frame",
    "headers",
    "intervals",
    "margins",
    "memory_picture",
    "mistakes",
    "paper_figure",
    "players",
    "roofline",
    "rounding",
    "same_bits",
    "same_outputs",
    "scores",
    "spectrograms",
    "stoi_against_bits",
    "turning",
    "turning_picture",
]
