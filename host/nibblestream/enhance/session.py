"""Sessions: a stream's exclusive use of a network, with its state and its byte ledger."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ..backends import Backend
from ..geometry import Geometry
from ..hardware.traffic import Counted, LayerTraffic, Traffic
from ..spec import SPECTRUM
from ..speech.reference import FloatPipeline

Complex = npt.NDArray[np.complex128]


class FixedPoint:
    """Adapter from complex spectra to a backend: rounds the input to `spec.SPECTRUM`."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.one_at_a_time = backend.one_at_a_time
        self.geometry, self.block = backend.geometry, backend.block
        self.reset = backend.reset
        self.counted = backend.counted
        self.close = backend.close

    def process(self, spectrum: Complex) -> Complex:
        """Enhance the next frames; input and output are complex, shape (frames, 129)."""
        parts = np.ascontiguousarray(spectrum).view(np.float64).reshape(*spectrum.shape, 2)
        floats = SPECTRUM.to_float(self.backend.process(SPECTRUM.from_float(parts)))
        return np.ascontiguousarray(floats).view(np.complex128)[..., 0]


Network = FixedPoint | FloatPipeline


class Pool:
    """The network instances of one `Enhancer`, each lent to one session at a time.

    Parameters
    ----------
    connect : callable
        Connects a new network instance to its backend. Called at once, and again whenever all
        instances are lent.
    """

    def __init__(self, connect: Callable[[], Network]) -> None:
        self.last: Session | None = None  # the most recently begun one
        self._connect = connect
        self._networks = [connect()]
        self._idle = list(self._networks)
        self._lent: weakref.WeakSet[Session] = weakref.WeakSet()
        self._open = True

    @property
    def block(self) -> int:
        """Frames processed per pass over the weight codes."""
        return self._networks[0].block

    @property
    def geometry(self) -> Geometry:
        """Geometry of the kernels, for which the codes are laid out."""
        return self._networks[0].geometry

    @property
    def one_at_a_time(self) -> bool:
        """Whether a new session ends the previous one: the backend holds the state of only one."""
        return self._networks[0].one_at_a_time

    def lend(self, session: Session) -> Network:
        """Lend a session a network for its exclusive use, until `take_back`.

        Raises
        ------
        RuntimeError
            The Enhancer was closed.
        """
        if not self._open:
            raise RuntimeError("this Enhancer was closed; make a new one")
        if self.one_at_a_time:
            self._end_all("its Enhancer started another, and a board runs one at a time")
        self.last = None  # frees that session's network, unless it is referenced elsewhere
        if not self._idle:
            self._networks.append(self._connect())
            self._idle.append(self._networks[-1])
        self._lent.add(session)
        return self._idle.pop()

    def take_back(self, network: Network) -> None:
        """Return a network to the pool."""
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
    """The exclusive use of a network by one stream.

    `begin` takes a network from the pool and clears its state; `end`, or garbage collection of
    the session, gives it back. The byte ledger accumulates over all runs of the session.

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
        self.ended = "it was not begun"  # the reason; empty while the session runs

    def begin(self) -> None:
        """Clear the network's state; take a network from the pool if the session holds none."""
        if self._network is None:
            network = self._pool.lend(self)
            self._release = weakref.finalize(self, self._pool.take_back, network)
            self._before = network.counted()
            self._network = network  # last: a signal before it leaves nothing to be released
        self._network.reset()
        self._pool.last = self
        self.ended = ""

    def process(self, spectrum: Complex) -> Complex:
        """Enhance the next frames; input and output are complex, shape (frames, 129).

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
        """Give the network back. If called again, the first reason is kept."""
        self.ended = self.ended or why
        if self._network is not None:
            self._moved = self._counted()
            self._network = None
            self._release()

    def traffic(self, layers: Sequence[LayerTraffic]) -> Traffic:
        """Return the traffic since the session was created."""
        return Traffic(layers, self._frames, self._passes, self._counted())

    def _counted(self) -> Counted | None:
        now = self._network.counted() if self._network is not None else None
        if now is None or self._before is None:
            return self._moved
        moved = now - self._before
        return moved if self._moved is None else self._moved + moved
