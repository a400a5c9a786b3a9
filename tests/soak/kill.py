"""Every command that writes, killed at random moments by `kill -9`.

    python tests/soak/kill.py [COMMAND ...] [--kills 20] [--seconds S] [--seed N] [--json FILE]

Each output must then be absent, or the old one, or a whole new one; and the next run must succeed
among what killed processes have left. Commands run in forks of this process, which has imported
what they need, so that most kills hit their work; half of them come when a file has been begun.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
import numpy as np
from writers import COMMANDS, Command, check_complete, material

from nibblestream.cli import main
from nibblestream.files.atomic import UNFINISHED

MARGIN = 1.1  # of the moments over the length of a run


class Runs:
    """Runs of a command in a folder of material.

    Parameters
    ----------
    name : str
        Of `COMMANDS`.
    root : Path
    rng : numpy Generator
    """

    def __init__(self, name: str, root: Path, rng: np.random.Generator) -> None:
        self.command: Command = COMMANDS[name]
        self.root, self.rng = root, rng
        self.counts: Counter[str] = Counter()
        self.finish()
        self._import()
        start = time.monotonic()
        self.finish()
        self.length = time.monotonic() - start

    @property
    def outputs(self) -> list[Path]:
        """The files that the command writes."""
        return [self.root / name for name in self.command.outputs]

    def finish(self) -> None:
        """Run the command to its end."""
        _, status = os.waitpid(self._start(), 0)
        assert status == 0, f"{self.command.line}: status {status}: {self._said()}"
        for path in self.outputs:
            check_complete(path)

    def kill(self) -> None:
        """Run the command, kill it, and check what it left."""
        if self.rng.random() < 0.5:
            for name in self.command.outputs:
                _remove(self.root / Path(name).parts[0])
        before = {path: path.read_bytes() for path in self.outputs if path.exists()}
        begun = self._begun()
        child, start = self._start(), time.monotonic()
        moment = self.rng.uniform(0, MARGIN * self.length)
        if self.rng.random() < 0.5:
            moment = self._wait_for_file(begun, child, start)
        while time.monotonic() < start + moment and os.waitid(os.P_PID, child, _POLL) is None:
            time.sleep(0.0005)
        os.killpg(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        self.counts.update(
            runs=1,
            killed=int(os.WIFSIGNALED(status)),
            while_writing=int(len(self._begun() - begun) > 0),
        )
        self._check(before)

    def _import(self) -> None:
        """Import what the last run has imported, so that the next need not."""
        for name in (self.root / "modules").read_text().split():
            with suppress(Exception):  # names that only the module itself can import
                import_module(name)

    def _check(self, before: dict[Path, bytes]) -> None:
        for path in self.outputs:
            if not path.exists():
                assert path not in before, f"{path.name} is lost"
            elif before.get(path) != path.read_bytes():
                check_complete(path)

    def _begun(self) -> set[Path]:
        return {*self.root.rglob(f"{UNFINISHED}*")}

    def _wait_for_file(self, begun: set[Path], child: int, start: float) -> float:
        """Wait until an output is begun; return a moment soon after, in seconds after `start`."""
        while not self._begun() - begun and os.waitid(os.P_PID, child, _POLL) is None:
            time.sleep(0.0005)
        return time.monotonic() - start + self.rng.exponential(0.002)

    def _start(self) -> int:
        child = os.fork()
        if child:
            with suppress(OSError):  # the child does it, too: whoever is first
                os.setpgid(child, child)
            return child
        status = 70
        try:
            with suppress(OSError):
                os.setpgid(0, 0)
            os.chdir(self.root)
            for number, name in enumerate((self.command.given, "said", "said")):
                mode = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
                os.dup2(os.open(name, mode, 0o644), number)
            main(self.command.line.split(), prog_name="nibblestream")
        except SystemExit as end:
            status = int(end.code or 0)
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            (self.root / "modules").write_text("\n".join([*sys.modules]))
            sys.stdout.flush()
            os._exit(status)

    def _said(self) -> str:
        return (self.root / "said").read_text()[-2000:]


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


_POLL = os.WEXITED | os.WNOHANG | os.WNOWAIT


def killed(name: str, kills: int, seconds: float, rng: np.random.Generator) -> dict[str, Any]:
    """Kill a command so many times, as long as there is time; return the figures."""
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="nibblestream-kill-") as folder:
        os.environ["NIBBLESTREAM_CACHE"] = str(Path(folder) / "cache")
        material(Path(folder))
        runs = Runs(name, Path(folder), rng)
        while runs.counts["runs"] < kills and time.monotonic() < end:
            runs.kill()
        runs.finish()
    return {**runs.counts, "seconds": round(runs.length, 2)}


def soak(names: list[str], kills: int, seconds: float, seed: int) -> dict[str, Any]:
    """Kill commands, each in its share of the time; print and return the figures."""
    rng, found, end = np.random.default_rng(seed), {}, time.monotonic() + seconds
    for number, name in enumerate(names):
        share = (end - time.monotonic()) / (len(names) - number)
        if share <= 0:
            print(f"{name:<16} not reached in {seconds:.0f} s", flush=True)
            continue
        found[name] = killed(name, kills, share, rng)
        print(f"{name:<16} {found[name]}", flush=True)
    command = f"python tests/soak/kill.py --kills {kills} --seed {seed}"
    return {"command": command, "commands": found}


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Kill every command that writes.")
    options.add_argument("commands", nargs="*", metavar="COMMAND", help=", ".join(COMMANDS))
    options.add_argument("--kills", type=int, default=20, help="of each command, at most")
    options.add_argument("--seconds", type=float, default=float("inf"))
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--json", type=Path, metavar="FILE")
    asked = options.parse_args()
    figures = soak(asked.commands or list(COMMANDS), asked.kills, asked.seconds, asked.seed)
    if asked.json is not None:
        asked.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
