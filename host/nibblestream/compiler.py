"""The kernels' C++ as a library of this machine, compiled once."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from .generate import HEADER, header

SOURCES = ("sim/board.cpp", "kernels/vectoring_core.cpp", "kernels/lut_mac_core.cpp",
           "kernels/rotation_core.cpp")  # fmt: skip
COMPILERS = ("c++", "g++", "clang++")
# Hidden, since the loader would join the static memories of boards that are loaded twice.
HIDDEN = "-fvisibility=hidden"
FLAGS = ("-std=c++17", "-O3", "-fPIC", "-shared", "-pthread", HIDDEN, "-Wno-unknown-pragmas")


def library() -> Path:
    """Return the compiled kernels, built first if sources, flags or compiler are new.

    ``CXX`` names another compiler, ``CXXFLAGS`` gives it more flags, ``NIBBLESTREAM_CACHE`` another
    folder than ``~/.cache/nibblestream`` to keep what was built.

    Returns
    -------
    Path
        A shared library.

    Raises
    ------
    FileNotFoundError
        There is no C++ compiler, or the package lacks the kernels' sources.
    RuntimeError
        The sources do not compile.
    """
    command = [*_compiler(), *FLAGS, *shlex.split(os.environ.get("CXXFLAGS", ""))]
    built = _cache() / f"kernels-{_digest(command)[:24]}.so"
    if not built.is_file():
        _build(command, built)
    return built


def sources() -> Path:
    """Return the folder of the kernels: in the installed package, or in the repository."""
    package = Path(__file__).resolve().parent
    folders = [package / "hls", package.parents[1] / "hls"]
    for folder in folders:
        if (folder / SOURCES[0]).is_file():
            return folder
    looked = " or ".join(map(str, folders))
    raise FileNotFoundError(f"the kernels' sources are not in {looked}: install nibblestream anew")


def _compiler() -> list[str]:
    named = shlex.split(os.environ.get("CXX", ""))
    candidates = [named] if named else [[name] for name in COMPILERS]
    for candidate in candidates:
        found = shutil.which(candidate[0])
        if found:
            return [found, *candidate[1:]]
    raise FileNotFoundError(
        f"backend 'csim' compiles the kernels, but there is no C++ compiler: looked for "
        f"{', '.join(candidate[0] for candidate in candidates)}; install g++ or clang++, or name "
        "one by CXX=..., or use backend 'emu', which gives the same bits"
    )


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("NIBBLESTREAM_CACHE") or Path(base) / "nibblestream")


def _digest(command: list[str]) -> str:
    """Return a digest of all that the library depends on."""
    version = subprocess.run([command[0], "--version"], capture_output=True, check=False).stdout
    sha = hashlib.sha256(repr(command).encode() + version + "\n".join(header()).encode())
    folder = sources()
    for path in sorted([*folder.glob("kernels/*.?pp"), *folder.glob("sim/*")]):
        if path.is_file():
            sha.update(path.name.encode() + path.read_bytes())
    return sha.hexdigest()


def _build(command: list[str], built: Path) -> None:
    """Compile into a temporary folder beside the cache, and move the library into place."""
    built.parent.mkdir(parents=True, exist_ok=True)
    folder = sources()
    with tempfile.TemporaryDirectory(dir=built.parent) as name:
        temporary = Path(name)
        (temporary / HEADER).write_text("\n".join(header()) + "\n")
        includes = [f"-I{temporary}", f"-I{folder / 'kernels'}", f"-I{folder / 'sim'}"]
        output = temporary / built.name
        files = [str(folder / source) for source in SOURCES]
        run = [*command, *includes, *files, "-o", str(output)]
        done = subprocess.run(run, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(
                f"the kernels do not compile: {shlex.join(command)} said: "
                f"{_first_error(done.stderr)}; is it a C++17 compiler?"
            )
        output.replace(built)


def _first_error(text: str) -> str:
    lines = [line for line in text.splitlines() if "error" in line] or text.splitlines()
    return lines[0] if lines else "nothing"
