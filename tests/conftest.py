"""What all tests share: one seed, and the folder of recorded speech and noise."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nibblestream.backends import compiler

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = Path(os.environ.get("NIBBLESTREAM_DATA", ROOT.parent / "shared" / "data"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start files with slow tests first, where workers share the files: none is left to one."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        slow = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Let Ctrl-C interrupt, also where a shell started the tests in the background.

    There it is ignored, and tests that press it would wait for ever.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator that starts from the same seed in every test."""
    return np.random.default_rng(20240611)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with speech/ and noise/, each with train/, val/ and test/; see its README."""
    if not (SHARED_DATA / "speech").is_dir():
        pytest.skip(f"no recordings at {SHARED_DATA}; NIBBLESTREAM_DATA=folder names another place")
    return SHARED_DATA


@pytest.fixture(scope="session")
def kernel_cache() -> Iterator[Path]:
    """A folder for the kernels compiled by the tests, whose words are checked against their widths.

    The compiler finds a library by a digest of its sources, flags and compiler, so all workers and
    later runs share what was compiled of the sources that are there to be tested.
    """
    from filelock import FileLock

    folder = ROOT / "build" / "tests"
    folder.mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIBBLESTREAM_CACHE", str(folder))
        patch.setenv("CXXFLAGS", "-DNIBBLESTREAM_CHECKED")
        with FileLock(folder / "lock"):
            compiler.library()
        yield folder
