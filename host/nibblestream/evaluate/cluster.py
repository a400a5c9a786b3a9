"""Workers of a Dask cluster (extra: sweep)."""

from __future__ import annotations

import logging
import pickle
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from distributed import Client, WorkerPlugin
from distributed.comm.addressing import parse_address, parse_host_port
from distributed.scheduler import KilledWorker

from .clip import Clip, Source
from .known import code
from .score import Scorer, Task
from .workers import Answer, Work, Workers, as_they_come, do, hold

TIMEOUT = "10s"  # for the scheduler to answer


@dataclass(frozen=True)
class Recording:
    """A clip that was read where its files are, to be scored where they are not."""

    name: str
    groups: tuple[str, ...]
    digest: str
    clip: Clip | None
    refused: str = ""

    def realise(self) -> Clip:
        """Return the clip, or raise a ValueError that says why there is none."""
        if self.clip is None:
            raise ValueError(self.refused)
        return self.clip


def cluster(address: str) -> Workers:
    """Return the workers of a running Dask cluster.

    Clips are read here and sent to each worker once, with the models, also to workers that join
    later; what a lost worker was at is done again by another. A worker does one task at a time:
    start it by ``dask worker ADDRESS --nthreads 1``. A fleet of boards is a worker on each.

    Parameters
    ----------
    address : str
        Of the scheduler, as tcp://host:8786.

    Raises
    ------
    OSError
        No scheduler answers, or it has no workers, when they are opened; or it is lost later.
    RuntimeError
        A worker has other sources of this library, so that its scores may differ; or a task's
        workers were lost each time it was tried.
    """
    return lambda scorer: _open(address, scorer)


class Giving(WorkerPlugin):  # type: ignore[misc, unused-ignore]
    """Gives a scorer to each worker as it starts, and takes it back.

    Parameters
    ----------
    name : str
        What tasks call the scorer by: several programs may use one cluster.
    scorer : Scorer
        Travels as bytes, which other sources need not understand.
    """

    def __init__(self, name: str, scorer: Scorer) -> None:
        self.name = name
        self._scorer = pickle.dumps(scorer)
        self._code = code()

    def setup(self, worker: Any) -> None:
        """Be called by a worker that starts, or runs when this is registered."""
        if code() != self._code:
            reason = (
                f"worker {worker.address} has other sources of nibblestream, or of the libraries "
                "that make a score, than this machine: install the same and start it again"
            )
            hold(self.name, reason)  # who joins later is asked for tasks all the same
            raise RuntimeError(reason)
        hold(self.name, pickle.loads(self._scorer))

    def teardown(self, worker: Any) -> None:
        """Be called when this is no longer needed."""
        hold(self.name, None)


@contextmanager
def _open(address: str, scorer: Scorer) -> Iterator[Work]:
    travelling = Scorer(_recorded(scorer.sources), scorer.models, scorer.open_model)
    with _quiet(), _client(address) as client:
        name = f"nibblestream-{uuid.uuid4()}"
        _give(client, Giving(name, travelling))
        try:
            yield lambda tasks: _work(client, name, tasks)
        finally:
            _take(client, name)


def _work(client: Any, name: str, tasks: Iterable[Task]) -> Iterator[tuple[Task, Answer]]:
    executor = client.get_executor(pure=False)
    try:
        yield from as_they_come(lambda task: executor.submit(do, name, task), tasks)
    except KilledWorker as error:
        raise RuntimeError(f"a task's workers were lost each time: {error}") from error
    except CancelledError as error:
        raise OSError(
            "the Dask scheduler was lost; start one and call this again: what is scored is known"
        ) from error


def _client(address: str) -> Any:
    connect: Any = Client
    try:
        parse_host_port(parse_address(address)[1])  # a client that fails at this is not closed
        client = connect(address, timeout=TIMEOUT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise OSError(
            f"{address}: no Dask scheduler answers ({error}); start one by 'dask scheduler' and "
            f"workers by 'dask worker {address} --nthreads 1'"
        ) from error
    if not client.scheduler_info()["workers"]:
        client.close()
        raise OSError(
            f"{address}: the scheduler has no workers; start some by "
            f"'dask worker {address} --nthreads 1'"
        )
    return client


def _give(client: Any, plugin: Giving) -> None:
    try:
        client.register_plugin(plugin, name=plugin.name)
    except Exception as error:  # whatever went wrong on a worker
        _take(client, plugin.name)
        raise RuntimeError(f"a worker could not be given clips and models: {error}") from error


def _take(client: Any, name: str) -> None:
    if client.status == "running":  # else there is no one to take it from
        client.unregister_worker_plugin(name)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what distributed logs from the terminal: what a user can use of it is raised here."""
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
