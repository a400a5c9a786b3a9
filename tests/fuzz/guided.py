"""Fuzz one target, guided by the coverage of the library: a process of `campaign.py`.

    python tests/fuzz/guided.py TARGET FOLDER [LIBFUZZER-OPTION ...]

Inputs that reach new code are kept in FOLDER, and counts in FOLDER.json. The first finding ends the
process, and is written as libFuzzer's -artifact_prefix says.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from random import Random

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))
with atheris.instrument_imports(include=["nibblestream"]):
    from trial import Target, accepted, corpus, target

    name, folder = sys.argv[1], Path(sys.argv[2])
    tested: Target = target(import_module(name))


class Count:
    """Inputs so far, written about every second, as libFuzzer ends the process by itself."""

    def __init__(self) -> None:
        self.inputs = self.accepted = 0
        self._start = self._written = time.monotonic()

    def __call__(self, data: bytes) -> None:
        """Try an input."""
        self.accepted += accepted(tested, data)
        self.inputs += 1
        now = time.monotonic()
        if now > self._written + 1:
            self._written = now
            counts = {"inputs": self.inputs, "accepted": self.accepted}
            text = json.dumps({**counts, "seconds": round(now - self._start, 1)})
            folder.with_suffix(".json").write_text(text)


def mutated(data: bytes, size: int, seed: int) -> bytes:
    """Return a mutation of an input, or the input if that is too long."""
    found = tested.mutate(data, Random(seed))
    return found if len(found) <= size else data


if __name__ == "__main__":
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate([*tested.seeds(), *corpus(name)]):
        (folder / f"seed-{number}").write_bytes(data)
    atheris.Setup([sys.argv[0], *sys.argv[3:], str(folder)], Count(), custom_mutator=mutated)
    atheris.Fuzz()
