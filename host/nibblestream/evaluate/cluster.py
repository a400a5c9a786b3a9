"""Scoring on the workers of a Dask cluster (extra: sweep)."""

from __future__ import annotations

import logging
import pickle
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from distributed import Client, WorkerPlugin
from distributed.comm.addressing import parse_address, parse_host_port
from distributed.scheduler import KilledWorker

from .clip import Clip, Source
from .known import code
from .score import Scorer
from .workers import Work, Workers, do, hold

TIMEOUT = "10s"  # to connect to the scheduler


@dataclass(frozen=True)
class Recording:
    """A clip read on this machine, for workers that lack its files."""

    name: str
    groups: tuple[str, ...]
    digest: str
    clip: Clip | None
    refused: str = ""

    def realise(self) -> Clip:
        """Return the clip; a ValueError gives the reason if it could not be read."""
        if self.clip is None:
            raise ValueError(self.refused)
        return self.clip


def cluster(address: str) -> Workers:
    """Return the workers of a running Dask cluster.

    Clips are read on this machine and sent to each worker once, together with the models;
    workers may join later. Tasks of a lost worker are repeated by another. A worker processes one
    task at a time: start it with ``dask worker ADDRESS --nthreads 1``. To use several boards, run
    one worker on each.

    Parameters
    ----------
    address : str
        Address of the scheduler, such as tcp://host:8786.

    Raises
    ------
    OSError
        On opening: no scheduler answers, or it has no workers. Later: the scheduler is lost.
    RuntimeError
        A worker has different sources of this library, so that its scores may differ; or every
        worker that tried a task was lost.
    """
    return lambda scorer: _open(address, scorer)


class Giving(WorkerPlugin):  # type: ignore[misc, unused-ignore]
    """A Dask plugin that installs a scorer on each worker, and removes it at the end.

    Parameters
    ----------
    name : str
        Name by which tasks find the scorer, as several programs may share a cluster.
    scorer : Scorer
        Sent as bytes, and unpickled only after the worker's sources have been checked.
    """

    def __init__(self, name: str, scorer: Scorer) -> None:
        self.name = name
        self._scorer = pickle.dumps(scorer)
        self._code = code()

    def setup(self, worker: Any) -> None:
        """Install the scorer; called on each running worker, and on each that joins."""
        if code() != self._code:
            reason = (
                f"worker {worker.address} has other sources of nibblestream, or of the libraries "
                "that scores depend on, than this machine: install the same and restart it"
            )
            hold(self.name, reason)  # a worker that joins late is given tasks even if this raises
            raise RuntimeError(reason)
        hold(self.name, pickle.loads(self._scorer))

    def teardown(self, worker: Any) -> None:
        """Remove the scorer; called when the plugin is unregistered."""
        hold(self.name, None)


@contextmanager
def _open(address: str, scorer: Scorer) -> Iterator[Work]:
    travelling = Scorer(_recorded(scorer.sources), scorer.models, scorer.open_model)
    with _quiet(), _client(address) as client:
        name = f"nibblestream-{uuid.uuid4()}"
        _give(client, Giving(name, travelling))
        try:
            yield _work(client, name)
        except KilledWorker as error:
            raise RuntimeError(f"a task's workers were lost each time: {error}") from error
        except CancelledError as error:
            raise OSError(
                "the Dask scheduler was lost; start one and run this again: finished scores are "
                "kept"
            ) from error
        finally:
            _take(client, name)


def _work(client: Any, name: str) -> Work:
    executor = client.get_executor(pure=False)

    @lru_cache(1)
    def workers(second: int) -> int:
        return max(1, len(client.scheduler_info(n_workers=-1).get("workers", ())))

    return Work(
        lambda *call: executor.submit(do, name, *call),
        lambda: workers(int(time.monotonic())),  # asked at most once a second
    )


def _client(address: str) -> Any:
    connect: Any = Client
    try:
        # Check the address first: a client that fails on a bad one would stay open.
        parse_host_port(parse_address(address)[1])
        client = connect(address, timeout=TIMEOUT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise OSError(
            f"{address}: no Dask scheduler answers ({error}); start one with 'dask scheduler' and "
            f"workers with 'dask worker {address} --nthreads 1'"
        ) from error
    if not client.scheduler_info()["workers"]:
        client.close()
        raise OSError(
            f"{address}: the scheduler has no workers; start some with "
            f"'dask worker {address} --nthreads 1'"
        )
    return client


def _give(client: Any, plugin: Giving) -> None:
    try:
        client.register_plugin(plugin, name=plugin.name)
    except Exception as error:  # any error on a worker
        _take(client, plugin.name)
        raise RuntimeError(f"sending clips and models to a worker failed: {error}") from error


def _take(client: Any, name: str) -> None:
    if client.status == "running":  # otherwise the scheduler is gone
        client.unregister_worker_plugin(name)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence distributed's log; what matters to the user is raised as an error."""
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def _recorded(sources: Sequence[Source]) -> list[Recording]:
    return [_record(source) for source in sources]


def _record(source: Source) -> Recording:
    try:
        clip, refused = source.realise(), ""
    except (ValueError, OSError) as error:
        clip, refused = None, str(error)
    return Recording(source.name, source.groups, "", clip, refused)
