"""Run the tests marked `numeric` with the kernels of other CPUs: ``make test-cpus``.

NumPy, PyTorch and the BLAS libraries choose their kernels by the CPU, and kernels differ in the
order of their sums, so in the last place of a float. Each setting below forces the choice of
another kind of CPU. Arguments go to pytest: ``python tests/cpus.py -k quantize``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

# Beginnings of the names that NumPy 1 and NumPy 2 have for what a CPU can do.
AVX512 = ("AVX512", "X86_V4")
AVX2 = ("AVX2", "FMA3", "X86_V3")
EVERYTHING = ("",)


class Setting(NamedTuple):
    """What a CPU would make the libraries choose; None leaves the choice to this one."""

    openblas: str
    numpy_without: tuple[str, ...]
    torch: str | None
    threads: int
    needs: tuple[str, ...]  # where the CPU has none of these, the kernels would crash


SETTINGS = (
    Setting("Nehalem", EVERYTHING, "default", 1, needs=EVERYTHING),
    Setting("Haswell", AVX512, "avx2", 2, needs=AVX2),
    Setting("Zen", AVX512 + AVX2, "default", 2, needs=AVX2),
    Setting("SkylakeX", (), None, 1, needs=AVX512),
)


def features(beginnings: tuple[str, ...]) -> list[str]:
    """Return what this CPU can do, and NumPy has kernels for, of these kinds."""
    found = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    return [name for name in found if name.startswith(beginnings)]


def environment(setting: Setting) -> dict[str, str]:
    """Return the variables that force the choice."""
    forced = {
        "OPENBLAS_CORETYPE": setting.openblas,
        "NPY_DISABLE_CPU_FEATURES": " ".join(features(setting.numpy_without)),
        "OPENBLAS_NUM_THREADS": str(setting.threads),
        "OMP_NUM_THREADS": str(setting.threads),
    }
    if setting.torch:
        forced["ATEN_CPU_CAPABILITY"] = setting.torch
    return {name: value for name, value in forced.items() if value}


def run(setting: Setting) -> bool:
    """Run the tests, print what was forced and the verdict, and return whether all passed."""
    forced = environment(setting)
    title = " ".join(f"{name}={value!r}" for name, value in forced.items())
    if not features(setting.needs):
        print(f"left out, as this CPU has none of {', '.join(setting.needs)}: {title}", flush=True)
        return True
    start = time.monotonic()
    options = ["-q", "-p", "no:cacheprovider", "-m", "numeric", *sys.argv[1:]]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        env={**os.environ, **forced},
        capture_output=True,
        text=True,
        check=False,
    )
    passed = done.returncode == 0
    lines = done.stdout.splitlines()
    skipped = [line for line in lines if line.startswith("SKIPPED")]
    told = [*skipped, *lines[-1:]] if passed else [*lines, *done.stderr.splitlines()]
    verdict = "passed" if passed else "FAILED"
    print(f"{verdict} in {time.monotonic() - start:.0f} s: {title}", *told, sep="\n  ", flush=True)
    return passed


if __name__ == "__main__":
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        sys.exit(not all([*pool.map(run, SETTINGS)]))
