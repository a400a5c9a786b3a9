"""WebRTC's noise suppressor in webrtc-noise-gain, without gain control."""

from __future__ import annotations

import numpy as np
from webrtc_noise_gain import AudioProcessor

from ..clip import Float
from .frames import by_frames, to_int16

FRAME = 160  # 10 ms at 16 kHz
LEVEL = 2  # of 4, as in the package's example


def enhance(samples: Float) -> Float:
    """Enhance a recording (n,) at 16 kHz; see `Peer.open`."""
    processor = AudioProcessor(0, LEVEL)

    def process(frame: Float) -> Float:
        return (
            np.frombuffer(processor.Process10ms(to_int16(frame).tobytes()).audio, np.int16)
            / 32768.0
        )

    return by_frames(samples, FRAME, process)
