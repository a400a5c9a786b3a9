"""Fuzz all targets, one after the other, for a time or a number of inputs.

    python tests/fuzz/campaign.py [TARGET ...] [--seconds 60] [--inputs N] [--json FILE]

Prints the inputs of each target. A finding is a file in build/fuzz/, and makes the exit status 1.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

TARGETS = ("models", "waves", "recordings", "graphs", "rows", "manifests", "streams")
HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build" / "fuzz"
SANITIZERS = "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all"
EMPTY = {"inputs": 0, "accepted": 0, "seconds": 0}  # of a target that did not start
LONGEST = 1 << 16  # bytes of an input
TIMEOUT = 60  # seconds for an input, after which it is a finding


def environment(target: str) -> dict[str, str]:
    """Return the environment of a target: for the kernels, with sanitizers compiled in."""
    single = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    if target != "streams":
        return single
    names = ("libasan.so", "libubsan.so")
    found = [subprocess.run(["g++", f"-print-file-name={name}"], capture_output=True, text=True,
                            check=True).stdout.strip() for name in names]  # fmt: skip
    (BUILD / "cache").mkdir(parents=True, exist_ok=True)
    return {
        **single,
        "CXX": "g++",
        "CXXFLAGS": SANITIZERS,
        "NIBBLESTREAM_CACHE": str(BUILD / "cache"),
        "LD_PRELOAD": " ".join(found),
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1",
    }


def fuzz(target: str, seconds: float, inputs: int) -> dict[str, Any]:
    """Fuzz a target; return its counts, and the files of its findings."""
    folder = BUILD / target
    BUILD.mkdir(parents=True, exist_ok=True)
    folder.with_suffix(".json").unlink(missing_ok=True)
    before = {*BUILD.glob(f"{target}-*")}
    options = (
        f"-max_total_time={int(seconds)}", f"-runs={inputs}", f"-max_len={LONGEST}",
        f"-timeout={TIMEOUT}", f"-report_slow_units={TIMEOUT}", "-verbosity=0",
        f"-artifact_prefix={BUILD / target}-",
        "-mutate_depth=1", "-keep_seed=1",  # few changes of every seed: some stay valid
    )  # fmt: skip
    command = [sys.executable, str(HERE / "guided.py"), target, str(folder), *options]
    with tempfile.TemporaryDirectory(prefix="nibblestream-fuzz-", dir=_in_memory()) as scratch:
        environ = {**environment(target), "TMPDIR": scratch}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    findings = sorted(path.name for path in {*BUILD.glob(f"{target}-*")} - before)
    if done.returncode:
        print(done.stdout[-3000:], done.stderr[-3000:], file=sys.stderr)
        findings = findings or [f"exit status {done.returncode}"]
    report = folder.with_suffix(".json")
    counts = json.loads(report.read_text()) if report.exists() else dict(EMPTY)
    return {**counts, "findings": findings}


def _in_memory() -> str | None:
    """Return a folder that is in memory, where there is one; libFuzzer leaves what it wrote."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def campaign(
    targets: list[str], seconds: float, inputs: int, output: Path | None
) -> dict[str, Any]:
    """Fuzz targets for a share of the time each; print and return their figures.

    A file keeps the figures of targets that are not among these.
    """
    kept = json.loads(output.read_text()) if output is not None and output.exists() else {}
    results: dict[str, Any] = {}
    command = f"python tests/fuzz/campaign.py --seconds {seconds:g}"
    for target in targets:
        results[target] = found = fuzz(target, max(seconds / len(targets), 1), inputs)
        print(f"{target:<12}{found['inputs']:>10,} inputs, {found['accepted']:,} accepted, "
              f"{found['seconds']:.0f} s, findings: {', '.join(found['findings']) or 'none'}",
              flush=True)  # fmt: skip
        if output is not None:
            every = {**kept.get("targets", {}), **results}
            ordered = {name: every[name] for name in TARGETS if name in every}
            text = json.dumps({"command": command, "targets": ordered}, indent=1)
            output.write_text(text + "\n", encoding="utf-8")
    return results


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Fuzz what reads files and streams.")
    options.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--inputs", type=int, default=-1, help="of each target, at most")
    options.add_argument("--json", type=Path, metavar="FILE")
    asked = options.parse_args()
    results = campaign(asked.targets or list(TARGETS), asked.seconds, asked.inputs, asked.json)
    sys.exit(any(found["findings"] for found in results.values()))
