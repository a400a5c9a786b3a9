"""A Dask scheduler and workers as processes of their own, on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOST = str(Path(__file__).parents[1] / "host")
DEADLINE = 120.0  # seconds for a process to say where it is


class Processes:
    """A scheduler, and workers as they are started.

    Parameters
    ----------
    folder : path
        For their files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[subprocess.Popen[bytes]] = []
        found = folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "--port", "0", "--scheduler-file", str(found))
        self.address = str(_wait_for(found, self.scheduler)["address"])

    def worker(self, host: str = HOST, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker of one thread that finds the library in the folder `host`."""
        options = ("--nthreads", "1", "--no-nanny", "--local-directory", str(self._folder))
        tests = Path(__file__).parent
        stand_ins = [str(tests), str(tests / "evaluate")]  # importable by name
        found = os.pathsep.join([host, *stand_ins])
        return self._start("worker", self.address, *options, PYTHONPATH=found, **environment)

    def wait_for(self, workers: int) -> None:
        """Wait until so many workers are there."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=DEADLINE)

    def kill(self) -> None:
        """Kill what was started."""
        for process in self._started:
            process.kill()
            process.wait()

    def _start(self, kind: str, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options]
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--no-dashboard"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **environment},
        )
        self._started.append(process)
        return process


@contextmanager
def processes(folder: Path) -> Iterator[Processes]:
    """Start a scheduler; kill it and its workers in the end."""
    started = Processes(folder)
    try:
        yield started
    finally:
        started.kill()


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> dict[str, str]:
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end and process.poll() is None:
        try:
            return dict(json.loads(path.read_text()))
        except (OSError, ValueError):  # not there yet, or not whole
            time.sleep(0.05)
    raise TimeoutError(f"no scheduler wrote {path}; it ended with {process.poll()}")
