"""A trial of one input, and what counts as a finding."""

from __future__ import annotations

import atexit
import resource
import tempfile
import time
import warnings
from functools import cache
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, Protocol, cast

SECONDS = 5.0  # of computing for one input; most take milliseconds
BYTES = 256 << 20  # by which one input may raise the peak of resident memory


class Target(Protocol):
    """A module of this folder, whose input is a file or a stream."""

    REFUSALS: tuple[type[Exception], ...]
    """The documented errors of `read`."""

    def seeds(self) -> list[bytes]:
        """Return valid inputs, from which mutations start."""

    def mutate(self, data: bytes, rng: Random) -> bytes:
        """Return an input with a random change, which keeps it well-formed where it can."""

    def read(self, data: bytes) -> Any:
        """Return what the library makes of an input, or raise one of `REFUSALS`."""

    def verify(self, data: bytes, found: Any) -> None:
        """Raise an error unless what was accepted holds its promises."""


CORPUS = Path(__file__).parent / "corpus"  # inputs that were findings, by target


@cache
def scratch() -> Path:
    """Return a folder for the files of this process."""
    folder = tempfile.TemporaryDirectory(prefix="nibblestream-fuzz-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


def corpus(name: str) -> list[bytes]:
    """Return the inputs of a target that were findings once."""
    return [path.read_bytes() for path in sorted((CORPUS / name).glob("*"))]


def target(module: ModuleType) -> Target:
    """Return a module as a target."""
    return cast(Target, module)


def accepted(tested: Target, data: bytes) -> bool:
    """Return whether an input is accepted; raise an error if anything about that is wrong.

    Wrong are other errors than the documented ones, errors that say nothing, accepted inputs that
    break a promise, and inputs that take too much time or memory.
    """
    peak, start = _peak(), time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = tested.read(data)
        except tested.REFUSALS as error:
            message = str(error)
        else:
            tested.verify(data, found)
            message = None
    took, grown = time.process_time() - start, _peak() - peak
    assert took < SECONDS, f"{len(data)} bytes took {took:.1f} s"
    assert grown < BYTES, f"{len(data)} bytes took {grown >> 20} MiB of memory"
    assert message is None or message.strip(), "an error without a message"
    return message is None


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
