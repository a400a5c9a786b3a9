"""Scores on a Dask cluster: the same as here, whoever is lost on the way; errors of one line."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dask_processes import HOST, Processes, processes
from nibblestream.evaluate import cluster as module
from nibblestream.evaluate.cluster import cluster
from nibblestream.evaluate.known import Known
from nibblestream.evaluate.scoring import evaluate
from nibblestream.evaluate.workers import local
from nibblestream.studies.sweep.run import Sweep, sweep
from nibblestream.studies.sweep.space import Space
from sweep_material import clips, small


class Watched(Known):
    """Does something after so many answers were kept.

    Parameters
    ----------
    then : dict
        By the count of answers.
    """

    def __init__(self, then: Mapping[int, Callable[[], object]]) -> None:
        super().__init__()
        self._then = then
        self.kept = 0

    def put(self, scores: Mapping[str, float | str]) -> None:
        super().put(scores)
        self.kept += 1
        self._then.get(self.kept, lambda: None)()


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Processes]:
    """A scheduler, no workers."""
    (tmp_path / "dask").mkdir()
    with processes(tmp_path / "dask") as started:
        yield started


@pytest.mark.slow
def test_a_sweep_loses_workers_and_nothing_else(dask: Processes, tmp_path: Path) -> None:
    """Of two workers one is killed, then the other: what joined after the start has to finish."""
    validation, test = clips(tmp_path)
    first, second = dask.worker(), dask.worker()
    dask.wait_for(2)

    def replace_second() -> None:
        dask.worker()
        dask.wait_for(2)
        second.kill()

    known = Watched({4: first.kill, 8: replace_second})
    made: dict[str, Sweep] = {}
    for name, options in {
        "here": {"workers": local(1)},
        "cluster": {"workers": cluster(dask.address), "known": known},
    }.items():
        made[name] = sweep(small(), validation, test, Space(2, bits=(4, 8)), trials=20, **options)
    assert (first.poll(), second.poll()) == (-9, -9)
    here, there = made["here"], made["cluster"]
    assert there.rows == here.rows
    assert all(there.trials.count(trial) == here.trials.count(trial) for trial in here.trials)
    assert len(there.trials) == 20
    assert known.kept > 20


def test_scores_do_not_depend_on_where_they_are_made(dask: Processes, tmp_path: Path) -> None:
    """Two threads share one board, and clips that are refused are refused everywhere."""
    validation, _ = clips(tmp_path)
    gone = replace(validation[1], speech=tmp_path / "gone.wav")
    material = [validation[0], gone, validation[2]]
    dask.worker()
    dask.wait_for(1)
    options = {"metrics": ("stoi",)}
    here, there = (
        evaluate(material, {"small": small()}, workers=workers, **options)
        for workers in (local(1), cluster(dask.address))
    )
    assert there == here
    assert here["refused"]["count"] == 1
    with pytest.raises(ValueError, match=r"model 'broken' on .* finite: False"):
        evaluate(
            material,
            {"broken": small()},
            workers=cluster(dask.address),
            open_model=broken,
            **options,
        )


def broken(model: object, backend: str) -> AbstractContextManager[Callable]:
    return nullcontext(lambda noisy: noisy * np.nan)


def test_a_worker_with_other_sources_is_refused(dask: Processes, tmp_path: Path) -> None:
    validation, _ = clips(tmp_path)
    other = tmp_path / "other" / "host"
    shutil.copytree(HOST, other, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "other" / "hls").symlink_to(Path(HOST).parent / "hls")
    changed = other / "nibblestream" / "fixed.py"
    changed.write_text(changed.read_text() + "\n# not the same\n")
    dask.worker(str(other))
    dask.wait_for(1)
    with pytest.raises(RuntimeError, match=r"worker tcp://.* has other sources of nibblestream"):
        evaluate(validation, {"small": small()}, workers=cluster(dask.address))


def test_a_cluster_that_is_none(
    dask: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    validation, _ = clips(tmp_path)
    monkeypatch.setattr(module, "TIMEOUT", "1s")
    with pytest.raises(OSError, match="has no workers; start some with 'dask worker tcp"):
        evaluate(validation, {"small": small()}, workers=cluster(dask.address))
    dask.scheduler.kill()
    dask.scheduler.wait()
    for address in (dask.address, "nonsense://"):
        with pytest.raises(OSError, match="no Dask scheduler answers"):
            evaluate(validation, {"small": small()}, workers=cluster(address))


def test_a_scheduler_that_is_lost(dask: Processes, tmp_path: Path) -> None:
    validation, _ = clips(tmp_path)
    dask.worker()
    dask.wait_for(1)
    known = Watched({1: dask.scheduler.kill})
    with pytest.raises(OSError, match="the Dask scheduler was lost"):
        evaluate(validation * 9, {"small": small()}, workers=cluster(dask.address), known=known)


def test_a_task_that_kills_its_workers(dask: Processes, tmp_path: Path) -> None:
    validation, _ = clips(tmp_path)
    started = [dask.worker() for _ in range(4)]
    dask.wait_for(4)
    with pytest.raises(RuntimeError, match="a task's workers were lost each time"):
        evaluate(
            validation[:1], {"small": small()}, workers=cluster(dask.address), open_model=deadly
        )
    for process in started:
        process.wait()


def deadly(model: object, backend: str) -> AbstractContextManager[Callable]:
    import os

    os._exit(1)
