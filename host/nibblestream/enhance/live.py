"""Live enhancement from a microphone to headphones."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .. import spec
from ..sound.devices import Plan, sounddevice
from .enhancer import Enhancer
from .stream import Stream

Float32 = npt.NDArray[np.float32]

REFRESH: Final = 0.25  # seconds between calls of `show`
_LAPS: Final = 10_000  # most recent blocks whose processing times are kept
_SILENT: Final = 1e-10  # floor of the mean square, -100 dB


class Player:
    """The audio callback for PortAudio, with statistics of the blocks so far.

    The output lags the input by a constant `latency` samples: it starts with as many zeros as
    the stream may hold back.

    Parameters
    ----------
    stream : Stream
    block : int
        Samples per call.
    stop : callable
        Makes the exception that is raised to stop the callbacks.
    """

    def __init__(self, stream: Stream, block: int, stop: Callable[[], BaseException]) -> None:
        self._stream, self._stop = stream, stop
        # At 8 kHz a block is one hop, and the stream holds back whole hops.
        kept = stream.latency - (spec.HOP if block == spec.HOP else 1)
        self._waiting: Float32 = np.zeros(kept, np.float32)
        self.latency = kept + block
        self.frames = self.underruns = self.overruns = 0
        self.error: BaseException | None = None
        self._laps: deque[float] = deque(maxlen=_LAPS)
        # Energy of input and output, and samples, of each block: added by PortAudio's thread.
        self._blocks: deque[tuple[float, float, int]] = deque()

    def __call__(self, heard: Float32, played: Float32, frames: int, _: Any, status: Any) -> None:
        """Enhance a block: `heard` and `played` are float32, shape (frames, 1)."""
        start = time.perf_counter()
        self.underruns += bool(status.input_underflow or status.output_underflow)
        self.overruns += bool(status.input_overflow or status.output_overflow)
        try:
            done = self._stream.process(heard[:, 0])
        except BaseException as error:  # PortAudio's thread would lose it; `play` raises it
            self.error = error
            played.fill(0)
            raise self._stop() from error
        ready = np.concatenate([self._waiting, done])
        played[:, 0], self._waiting = ready[:frames], ready[frames:]
        self.frames += frames
        energy = [float(np.square(side, dtype=np.float64).sum()) for side in (heard, played)]
        self._blocks.append((energy[0], energy[1], frames))
        self._laps.append(time.perf_counter() - start)

    def levels(self) -> tuple[float, float]:
        """Return the input and output levels since the previous call, in dB re full scale."""
        blocks = [self._blocks.popleft() for _ in range(len(self._blocks))]
        *energy, count = np.sum(blocks or [(0, 0, 1)], axis=0)
        heard, played = 10 * np.log10(np.maximum(np.array(energy) / count, _SILENT))
        return float(heard), float(played)

    def lap(self, quantile: float) -> float:
        """Return a quantile of the processing time per block, in seconds."""
        return float(np.quantile(list(self._laps) or [0.0], quantile))


def play(
    enhancer: Enhancer, chosen: Plan, show: Callable[[Player, float], None]
) -> tuple[Player, float]:
    """Enhance live audio until Ctrl-C.

    Parameters
    ----------
    enhancer : Enhancer
    chosen : Plan
    show : callable
        Called every `REFRESH` seconds with the player and the latency in seconds.

    Returns
    -------
    Player
        The player, with its statistics.
    float
        Latency from input to output in seconds: the algorithm's plus the devices', as PortAudio
        reports it.

    Raises
    ------
    RuntimeError
        A device cannot be opened, or stopped by itself.
    """
    sd = sounddevice()
    from threadpoolctl import threadpool_limits

    ended = threading.Event()
    # A product with one row is too small for several threads: synchronising them costs more.
    with threadpool_limits(1), enhancer.stream(chosen.rate) as stream:
        player = Player(stream, chosen.block, sd.CallbackAbort)
        try:
            with sd.Stream(
                samplerate=chosen.rate,
                blocksize=chosen.block,
                device=chosen.devices,
                channels=1,
                dtype="float32",
                latency="low",
                callback=player,
                finished_callback=ended.set,
            ) as running:
                latency = player.latency / chosen.rate + sum(running.latency)
                left = _watch(ended, lambda: show(player, latency))
        except sd.PortAudioError as error:
            raise RuntimeError(f"the sound devices failed: {error}") from error
    if player.error is not None:
        raise player.error
    if not left:
        raise RuntimeError("the sound devices stopped by themselves: were they unplugged?")
    return player, latency


def _watch(ended: threading.Event, show: Callable[[], None]) -> bool:
    """Wait until the stream ends; return whether Ctrl-C ended it."""
    try:
        while not ended.wait(REFRESH):
            show()
    except KeyboardInterrupt:
        return True
    return False
