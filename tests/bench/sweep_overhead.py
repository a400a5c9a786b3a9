"""What scheduling a sweep costs per trial: thousands of trials on simulated workers, with a kill.

    python tests/bench/sweep_overhead.py [--trials 5000] [--workers 2 16] [--json FILE]

The workers of a Dask cluster, threads of another process, quantize a small network, as in any
sweep, and then sleep where they would score 40 clips. About half way the search is killed
(SIGKILL) and started again. Prints, for each tenth of the trials, the time that the search spent
on a trial, in milliseconds: of the CPU, and in all but waiting for workers.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import wait
from contextlib import closing, contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from nibblestream.evaluate.cluster import cluster
from nibblestream.evaluate.known import Known
from nibblestream.evaluate.score import Scorer, Task
from nibblestream.evaluate.score_table import ScoreTable
from nibblestream.evaluate.workers import Answer, Work, score
from nibblestream.studies.sweep import search as module
from nibblestream.studies.sweep.journal import open_journal
from nibblestream.studies.sweep.judge import ByStoi
from nibblestream.studies.sweep.space import Space
from sweep_material import Named, small

SPACE = Space(2, ("u", "u-vbs", "rs", "rs-vbs"))  # all bits: two objectives
CLIPS = 40
SECONDS = 0.03  # for a trial and worker: 33 trials a second, whatever the number of workers
WINDOWS = 10
PROCESS = get_context("spawn").Process


class Clock:
    """Time spent by this process: CPU, and all but waiting, in seconds."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w")
        self._done, self._waited = 0, 0.0

    def wait(self, *arguments: Any, **options: Any) -> Any:
        start = time.perf_counter()
        try:
            return wait(*arguments, **options)
        finally:
            self._waited += time.perf_counter() - start

    def note(self, trials: int) -> None:
        self._done += trials
        spent = time.process_time(), time.perf_counter() - self._waited
        self._file.write(" ".join(map(str, (self._done, *spent))) + "\n")
        self._file.flush()


def simulated(seconds: float, judged: Path, scorer: Scorer, task: Task) -> Answer:
    """Score a task by a formula, in this time; note its settings in a file."""
    time.sleep(seconds)
    with judged.open("a") as file:
        file.write(task.label + "\n")
    of = json.loads(task.label)
    tails = sum(abs(np.log(p / 0.01)) for p in (*of["p_start"], *(1 - q for q in of["p_stop"])))
    return [{"stoi": float(1 - 0.02 * tails - 0.5 / sum(of["bits"]))} for _ in task.rows]


def run(folder: Path, address: str, workers: int, trials: int, times: Path) -> None:
    """Search, in a process of its own."""
    model, clips = small(), [Named(str(i)) for i in range(CLIPS)]
    judge = partial(simulated, SECONDS * workers, folder / "judged")
    clock = Clock(times)
    module.wait = clock.wait  # type: ignore[assignment]
    with (
        closing(Known(folder / "scores.sqlite")) as known,
        cluster(address)(Scorer(clips, {model.digest: model})) as real,
        open_journal(folder / "journal") as journal,
    ):
        work = Work(lambda f, of: real.submit(judge if f is score else f, of), real.places)
        by_stoi = ByStoi(model.digest, ScoreTable(clips, ("stoi",), "emu", known), work)
        options = {"places": work.places, "journal": journal, "on_trials": clock.note}
        module.search(SPACE, by_stoi, trials, 0, **options)


def serve(workers: int, found: Path) -> None:
    """Run a cluster, in a process of its own; write its address."""
    from distributed import LocalCluster

    logging.disable()  # what it says of the search that was killed
    local = {"processes": False, "protocol": "tcp", "host": "127.0.0.1", "dashboard_address": ":0"}
    with LocalCluster(n_workers=workers, threads_per_worker=1, **local) as started:
        found.with_suffix(".part").write_text(started.scheduler_address)
        found.with_suffix(".part").rename(found)
        time.sleep(1e6)


@contextmanager
def serving(workers: int, folder: Path) -> Iterator[str]:
    """Yield the address of a cluster."""
    process = PROCESS(target=serve, args=(workers, folder / "address"))
    process.start()
    try:
        while not (folder / "address").exists():
            assert process.is_alive(), "no cluster started"
            time.sleep(0.1)
        yield (folder / "address").read_text()
    finally:
        process.kill()
        process.join()


def ended(journal: Path) -> list[int]:
    """Return the numbers of the trials that ended, as the file's finished lines have them."""
    lines = journal.read_text().splitlines(keepends=True) if journal.exists() else []
    events = [json.loads(line) for line in lines if line.endswith("\n")]
    return [event["number"] for event in events if event.get("trial")]


def measure(workers: int, trials: int, folder: Path) -> dict[str, Any]:
    """Run a search on so many workers, with a kill, and return its figures."""
    kill = int(np.random.default_rng().integers(4 * trials // 10, 6 * trials // 10))
    times = [folder / "before", folder / "after"]
    with serving(workers, folder) as address:
        first, second = (
            PROCESS(target=run, args=(folder, address, workers, trials, path)) for path in times
        )
        first.start()
        while len(ended(folder / "journal")) < kill:
            assert first.is_alive(), "the search ended before it was killed"
            time.sleep(0.5)
        first.kill()
        first.join()
        kept = ended(folder / "journal")
        second.start()
        second.join()
        assert second.exitcode == 0, "the search failed"
    told = ended(folder / "journal")
    again = Counter((folder / "judged").read_text().splitlines())
    twice = sum(count - 1 for count in again.values())
    assert told[: len(kept)] == kept, "a trial that had ended was lost"
    assert len(told) == len(set(told)) == trials, f"{len(told)} trials, {len(set(told))} different"
    assert twice <= workers, f"{twice} trials were judged twice; {workers} ran at the kill"
    cpu, busy = per_trial(times, trials)
    return {
        "workers": workers,
        "killed_at": len(kept),
        "judged_twice": twice,
        "cpu_ms": cpu,
        "busy_ms": busy,
    }


def per_trial(paths: list[Path], trials: int) -> list[list[float]]:
    """Return CPU and busy milliseconds per trial, for each tenth of the trials."""
    spent = []
    for path in paths:
        lines = [line.split() for line in path.read_text().splitlines()]
        rows = np.array([[float(word) for word in line] for line in lines if len(line) == 3])
        rows = rows[rows[:, 0] > 0]  # without what preceded the first trial
        spent.append(np.column_stack([rows[1:, 0], np.diff(rows, axis=0)]))
    rows = np.concatenate(spent)
    window = np.minimum((rows[:, 0] - 1) * WINDOWS // trials, WINDOWS - 1)
    sums = [rows[window == i, 1:].sum(0) for i in range(WINDOWS)]
    return [[round(1e3 * of[i] / of[0], 2) for of in sums] for i in (1, 2)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=5000)
    parser.add_argument("--workers", type=int, nargs="+", default=[2, 16])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = []
    print(f"ms per trial of scheduling, for each tenth of {options.trials:,} trials")
    for workers in options.workers:
        with tempfile.TemporaryDirectory() as folder:
            found.append(measure(workers, options.trials, Path(folder)))
        row = found[-1]
        print(f"{workers} workers, killed after {row['killed_at']:,} trials and resumed:")
        print("  CPU         ", *(f"{of:6.1f}" for of in row["cpu_ms"]))
        print("  not waiting ", *(f"{of:6.1f}" for of in row["busy_ms"]), flush=True)
    if options.json:
        about = {"trials": options.trials, "clips": CLIPS, "windows": WINDOWS}
        options.json.write_text(json.dumps(about | {"rows": found}))


if __name__ == "__main__":
    main()
