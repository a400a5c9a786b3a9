"""Audio players."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .. import spec

if TYPE_CHECKING:
    from IPython.display import HTML

Float = npt.NDArray[np.float64]


def wav(samples: Float, rate: int = spec.SAMPLE_RATE) -> bytes:
    """Return samples (n,) or (n, channels) as a 16-bit wav file, without normalization."""
    from IPython.display import Audio

    data: bytes = Audio(np.clip(samples, -1, 1).T, rate=rate, normalize=False).data
    return data


def players(signals: Mapping[str, Float], rate: int = spec.SAMPLE_RATE) -> HTML:
    """Return players for the signals, side by side and without normalization.

    Parameters
    ----------
    signals : mapping of title to samples
        Each of shape (n,) or (n, channels), full scale +-1.
    rate : int
        Sample rate in Hz.
    """
    from IPython.display import HTML

    each = "".join(_player(title, wav(samples, rate)) for title, samples in signals.items())
    return HTML(f'<div style="display: flex; flex-wrap: wrap; gap: 1.5em">{each}</div>')


def _player(title: str, file: bytes) -> str:
    source = f"data:audio/wav;base64,{b64encode(file).decode()}"
    return (
        f'<figure style="margin: 0"><figcaption><b>{escape(title)}</b></figcaption>'
        f'<audio controls src="{source}"></audio></figure>'
    )
