"""SpeexDSP's preprocessor in pyspeex-noise: at most 30 dB of suppression, its default."""

from __future__ import annotations

import numpy as np
from pyspeex_noise import AudioProcessor

from ..clip import Float
from .frames import by_frames, to_int16

FRAME = 160  # 10 ms at 16 kHz


def enhance(samples: Float) -> Float:
    """Enhance a recording (n,) at 16 kHz; see `Peer.open`."""
    processor = AudioProcessor(auto_gain=0)

    def process(frame: Float) -> Float:
        return np.frombuffer(processor.process_10ms(to_int16(frame).tobytes()), np.int16) / 32768.0

    return by_frames(samples, FRAME, process)
