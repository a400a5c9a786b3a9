"""Tables of scores: systems by clips, from the cache where known, otherwise computed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from .clip import Source
from .known import Known, code, key
from .score import Scored, Scores, System, Task
from .workers import Answer, Work

CHUNK = 8  # clips per task


class ScoreTable:
    """The scores of systems on clips, from the cache where known, otherwise computed.

    Parameters
    ----------
    clips : sequence of Source
    metrics : sequence of str
    backend : str
    known : Known, optional
        Cache of scores; newly computed scores are added.
    """

    def __init__(
        self,
        clips: Sequence[Source],
        metrics: Sequence[str],
        backend: str = "emu",
        known: Known | None = None,
    ) -> None:
        self.clips = clips
        self.metrics = tuple(metrics)
        self.backend = backend
        self._cache = known or Known()
        self._digests = [_digest(clip) for clip in clips]

    @property
    def digest(self) -> str:
        """Digest of everything but the systems that determines the scores."""
        parts = (self._digests, self.metrics, self.backend, code())
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def fill(
        self,
        work: Work,
        systems: Mapping[str, System],
        on_scores: Callable[[int], object] = lambda count: None,
        chunk: int = CHUNK,
    ) -> list[Scored]:
        """Return each clip's scores for all systems, by label.

        Parameters
        ----------
        work : Work
        systems : mapping of str to System
        on_scores : callable
            Called with the number of clips just completed for a system, cached ones included.
        chunk : int
            Clips per task. A system is prepared once per task; a clip is read once per worker.
        """
        scores: dict[str, dict[int, Scores]] = {label: {} for label in systems}
        refused: dict[int, str] = {}
        for label, system in systems.items():
            scores[label] = self.known(system)
            on_scores(len(scores[label]))
        for task, answer in work.answers(self._tasks(systems, scores, chunk)):
            scores[task.label] |= self.keep(task, answer)
            pairs = zip(task.rows, answer, strict=True)
            refused |= {row: found for row, found in pairs if isinstance(found, str)}
            on_scores(len(task.rows))
        return [self._scored(row, scores, refused) for row in range(len(self.clips))]

    def known(self, system: System) -> dict[int, Scores]:
        """Return the cached scores of the clips for which every metric is known, by row."""
        rows = [row for row, digest in enumerate(self._digests) if digest]
        named = {row: self._keys(row, system) for row in rows}
        found = self._cache.get([name for names in named.values() for name in names])
        return {
            row: {metric: found[name] for metric, name in zip(self.metrics, names, strict=True)}
            for row, names in named.items()
            if all(name in found for name in names)
        }

    def _tasks(
        self, systems: Mapping[str, System], scores: dict[str, dict[int, Scores]], chunk: int
    ) -> Iterator[Task]:
        for start in range(0, len(self.clips), chunk):
            near = range(start, min(start + chunk, len(self.clips)))
            for label, system in systems.items():
                rows = tuple(row for row in near if row not in scores[label])
                if rows:
                    yield Task(system, label, rows, self.metrics, self.backend)

    def rest(self, system: System, scores: Mapping[int, Scores]) -> Task | None:
        """Return a task with all clips of a system that have no scores; None if all have."""
        rows = tuple(row for row in range(len(self.clips)) if row not in scores)
        return Task(system, system.settings, rows, self.metrics, self.backend) if rows else None

    def keep(self, task: Task, answer: Answer) -> dict[int, Scores]:
        """Add the scores of a task to the cache, and return them by row."""
        pairs = zip(task.rows, answer, strict=True)
        scores = {row: found for row, found in pairs if not isinstance(found, str)}
        self._cache.put(
            {
                name: found[metric]
                for row, found in scores.items()
                if self._digests[row]
                for metric, name in zip(self.metrics, self._keys(row, task.system), strict=True)
            }
        )
        return scores

    def _keys(self, row: int, system: System) -> list[str]:
        clip = self._digests[row]
        return [key(clip, system, self.backend, metric) for metric in self.metrics]

    def _scored(
        self, row: int, scores: dict[str, dict[int, Scores]], refused: dict[int, str]
    ) -> Scored:
        clip = self.clips[row]
        if row in refused:
            return Scored(clip.name, clip.groups, refused=refused[row])
        return Scored(clip.name, clip.groups, {label: of[row] for label, of in scores.items()})


def _digest(clip: Source) -> str:
    """Return a clip's digest, or "" if it cannot be read, which is reported on scoring."""
    try:
        return clip.digest
    except OSError:
        return ""
