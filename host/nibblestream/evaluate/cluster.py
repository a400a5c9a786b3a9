"""Workers of a Dask cluster (extra: sweep)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from distributed import Client, WorkerPlugin

from .clip import Clip, Source
from .known import code
from .score import Scorer
from .workers import Work, Workers, as_they_come, do, hold

TIMEOUT = "10s"  # for the scheduler to answer
TRIES = 3  # of a task whose workers were lost


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
        No scheduler answers, when the workers are opened.
    RuntimeError
        A worker has other sources of this library, so that its scores may differ.
    """
    return lambda scorer: _open(address, scorer)


class Giving(WorkerPlugin):  # type: ignore[misc]  # distributed is not typed
    """Gives a scorer to each worker as it starts, and takes it back.

    Parameters
    ----------
    name : str
        What tasks call the scorer by: several programs may use one cluster.
    scorer : Scorer
    sources : str
        Digest of the sources here.
    """

    def __init__(self, name: str, scorer: Scorer, sources: str) -> None:
        self.name = name
        self._scorer = scorer
        self._sources = sources

    def setup(self, worker: Any) -> None:
        """Be called by a worker that starts, or runs when this is registered."""
        if code() != self._sources:
            raise RuntimeError(
                f"worker {worker.address} has other sources of nibblestream or of the libraries "
                "that make a score than this machine; install the same versions on both"
            )
        hold(self.name, self._scorer)

    def teardown(self, worker: Any) -> None:
        """Be called when this is no longer needed."""
        hold(self.name, None)


@contextmanager
def _open(address: str, scorer: Scorer) -> Iterator[Work]:
    with _client(address) as client:
        name = f"nibblestream-{uuid.uuid4()}"
        travelling = Scorer(_recorded(scorer.sources), scorer.models, scorer.open_model)
        client.register_plugin(Giving(name, travelling, code()), name=name)
        executor = client.get_executor(retries=TRIES, pure=False)
        try:
            yield lambda tasks: as_they_come(lambda task: executor.submit(do, name, task), tasks)
        finally:
            client.unregister_worker_plugin(name)


def _client(address: str) -> Any:
    try:
        client = Client(address, timeout=TIMEOUT, set_as_default=False)
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


def _recorded(sources: Sequence[Source]) -> list[Recording]:
    return [_record(source) for source in sources]


def _record(source: Source) -> Recording:
    try:
        clip, refused = source.realise(), ""
    except (ValueError, OSError) as error:
        clip, refused = None, str(error)
    return Recording(source.name, source.groups, "", clip, refused)
