"""Live audio: from a microphone, enhanced, to headphones."""

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

REFRESH: Final = 0.25  # seconds
_LAPS: Final = 10_000  # blocks whose times are kept
_SILENT: Final = 1e-10  # of the mean square, -100 dB


class Player:
    """What a sound card calls for each block, and what happened so far.

    The output follows the input by `latency` samples, however large the blocks are: as many
    zeros as a stream may keep back go out first.

    Parameters
    ----------
    stream : Stream
    block : int
        Samples that it is called with.
    stop : exception
        Raised to end the calls.
    """

    def __init__(self, stream: Stream, block: int, stop: Callable[[], BaseException]) -> None:
        self._stream, self._stop = stream, stop
        # At 8 kHz blocks are whole hops, of which a stream keeps back exactly one.
        kept = spec.HOP if block == spec.HOP else stream.latency - 1
        self._waiting: Float32 = np.zeros(kept, np.float32)
        self.latency = kept + block
        self.frames = self.underruns = self.overruns = 0
        self.error: BaseException | None = None
        self._laps: deque[float] = deque(maxlen=_LAPS)
        self._power = np.zeros(2)
        self._metered = 0

    def __call__(self, heard: Float32, played: Float32, frames: int, _: Any, status: Any) -> None:
        """Enhance a block: `heard` and `played` are float32, shape (frames, 1)."""
        start = time.perf_counter()
        self.underruns += bool(status.input_underflow or status.output_underflow)
        self.overruns += bool(status.input_overflow or status.output_overflow)
        try:
            done = self._stream.process(heard[:, 0])
        except BaseException as error:  # in PortAudio's thread, where nobody would catch it
            self.error = error
            played.fill(0)
            raise self._stop() from error
        ready = np.concatenate([self._waiting, done])
        played[:, 0], self._waiting = ready[:frames], ready[frames:]
        self.frames += frames
        self._metered += frames
        self._power += [np.square(side, dtype=np.float64).sum() for side in (heard, played)]
        self._laps.append(time.perf_counter() - start)

    def levels(self) -> tuple[float, float]:
        """Return the levels of input and output since the last call, in dB of full scale."""
        power, self._power = self._power, np.zeros(2)
        count, self._metered = self._metered, 0
        heard, played = 10 * np.log10(np.maximum(power / max(count, 1), _SILENT))
        return float(heard), float(played)

    def lap(self, quantile: float) -> float:
        """Return a quantile of the seconds that blocks took."""
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
        Called now and then, with what happened and the seconds from input to output.

    Returns
    -------
    Player
        What happened.
    float
        Seconds from input to output: the algorithm's and, as PortAudio says, the devices'.

    Raises
    ------
    RuntimeError
        A device cannot be opened, or stopped.
    """
    sd = sounddevice()
    from threadpoolctl import threadpool_limits

    ended = threading.Event()
    # A product of one row is too small to share: waiting for another core takes longer.
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
    """Wait for the end, and return whether it came by Ctrl-C."""
    try:
        while not ended.wait(REFRESH):
            show()
    except KeyboardInterrupt:
        return True
    return False
