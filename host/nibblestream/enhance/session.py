"""One stream's use of a network: the backend it holds, the state there, and the byte ledger."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ..backends import Backend
from ..hardware.traffic import Counted, LayerTraffic, Traffic
from ..spec import SPECTRUM
from ..speech.reference import FloatPipeline

Complex = npt.NDArray[np.complex128]


class FixedPoint:
    """A backend for complex spectra: rounds them to `spec.SPECTRUM` on the way in."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.one_at_a_time = backend.one_at_a_time
        self.reset = backend.reset
        self.counted = backend.counted
        self.close = backend.close

    def process(self, spectrum: Complex) -> Complex:
        """Enhance the next frames: complex (frames, 129), in and out."""
        parts = np.stack([spectrum.real, spectrum.imag], axis=-1)
        floats = SPECTRUM.to_float(self.backend.process(SPECTRUM.from_float(parts)))
        return floats[..., 0] + 1j * floats[..., 1]


Network = FixedPoint | FloatPipeline


class Pool:
    """The networks of one `Enhancer`: each is connected once and lent to one session at a time.

    Parameters
    ----------
    connect : callable
        Connects one more network to its backend. Called at once, and again when all are lent.
    block : int
        Frames that one pass over the codes serves.
    """

    def __init__(self, connect: Callable[[], Network], block: int) -> None:
        self.block = block
        self.last: Session | None = None  # the one begun last
        self._connect = connect
        self._networks = [connect()]
        self._idle = list(self._networks)
        self._lent: weakref.WeakSet[Session] = weakref.WeakSet()
        self._open = True

    @property
    def one_at_a_time(self) -> bool:
        """Whether a session ends the one before, as the backend holds the state of one."""
        return self._networks[0].one_at_a_time

    def lend(self, session: Session) -> Network:
        """Give a session a network of its own, until `take_back`.

        Raises
        ------
        RuntimeError
            The Enhancer was closed.
        """
        if not self._open:
            raise RuntimeError("this Enhancer was closed; make a new one")
        if self.one_at_a_time:
            self._end_all("its Enhancer began another, and a board runs one at a time")
        self.last = None  # frees its network, if nobody else holds that session
        if not self._idle:
            self._networks.append(self._connect())
            self._idle.append(self._networks[-1])
        self._lent.add(session)
        return self._idle.pop()

    def take_back(self, network: Network) -> None:
        """Make a network free for another session."""
        self._idle.append(network)

    def close(self) -> None:
        """End all sessions and free the backends."""
        if self._open:
            self._open = False
            self._end_all("its Enhancer was closed")
            for network in self._networks:
                network.close()

    def _end_all(self, why: str) -> None:
        for session in list(self._lent):
            session.end(why)


class Session:
    """A network at work for one stream.

    `begin` takes a network from the pool and clears its state, `end` gives it back, as does
    dropping the session. The ledger goes on over all that was begun.

    Parameters
    ----------
    pool : Pool
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._network: Network | None = None
        self._frames = self._passes = 0
        self._before: Counted | None = None
        self._moved: Counted | None = None
        self.ended = "it was not begun"  # why, or empty while it runs

    def begin(self) -> None:
        """Forget all frames; take a network first, if this session has none."""
        if self._network is None:
            self._network = self._pool.lend(self)
            self._release = weakref.finalize(self, self._pool.take_back, self._network)
            self._before = self._network.counted()
        self._network.reset()
        self._pool.last = self
        self.ended = ""

    def process(self, spectrum: Complex) -> Complex:
        """Enhance the next frames: complex (frames, 129), in and out.

        Raises
        ------
        RuntimeError
            The session has ended.
        """
        if self._network is None:
            raise RuntimeError(f"this stream has ended: {self.ended}")
        self._frames += len(spectrum)
        self._passes += -(-len(spectrum) // self._pool.block)
        return self._network.process(spectrum)

    def end(self, why: str) -> None:
        """Give the network back; the first reason given is kept."""
        self.ended = self.ended or why
        if self._network is not None:
            self._moved = self._counted()
            self._network = None
            self._release()

    def traffic(self, layers: Sequence[LayerTraffic]) -> Traffic:
        """Return what was streamed since the session was made."""
        return Traffic(layers, self._frames, self._passes, self._counted())

    def _counted(self) -> Counted | None:
        now = self._network.counted() if self._network is not None else None
        if now is None or self._before is None:
            return self._moved
        moved = now - self._before
        return moved if self._moved is None else self._moved + moved
