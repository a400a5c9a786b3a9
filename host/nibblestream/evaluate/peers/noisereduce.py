"""Spectral gating by noisereduce (Sainburg 2020) with its defaults: a non-stationary noise floor.

It smooths the floor forwards and backwards over the whole recording, so it cannot run live.
"""

from __future__ import annotations

import numpy as np
from noisereduce import reduce_noise

from ... import spec
from ..clip import Float


def enhance(samples: Float) -> Float:
    """Enhance a recording (n,) at 8 kHz; see `Peer.open`."""
    return np.asarray(reduce_noise(samples, spec.SAMPLE_RATE), np.float64)
