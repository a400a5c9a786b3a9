"""Peak memory, VmHWM of the kernel, of importing the library and of enhancing ten seconds."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

AT_THE_END = """
import atexit, re, sys
status = "/proc/self/status"
atexit.register(lambda: print(re.search(r"VmHWM:\\s*(\\d+) kB", open(status).read())[1]))
"""
RUNS = {
    "python": "",
    "import nibblestream": "import nibblestream",
    "nibblestream enhance": "from nibblestream.cli import main; main(sys.argv[1:])",
}


def main() -> None:
    """Print a line for each run."""
    with tempfile.TemporaryDirectory() as name:
        noisy, clean = Path(name, "noisy.wav"), Path(name, "clean.wav")
        soundfile.write(noisy, np.random.default_rng(0).normal(0, 0.05, 80_000), 8000)
        arguments = ["enhance", str(noisy), "-o", str(clean)]
        for label, code in RUNS.items():
            command = [sys.executable, "-c", AT_THE_END + code, *arguments]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            found = int(re.findall(r"^\d+$", done.stdout, re.MULTILINE)[-1])
            print(f"{label:<22}{found / 1000:6.1f} MB")


if __name__ == "__main__":
    main()
