"""Compiler of the kernels' C++ sources into a shared library, which is cached."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ..geometry import DEFAULT, Geometry
from ..hardware import sources
from ..hardware.generate import HEADER, header

FILES = ("sim/board.cpp", "kernels/vectoring_core.cpp", "kernels/lut_mac_core.cpp",
         "kernels/rotation_core.cpp")  # fmt: skip
COMPILERS = ("c++", "g++", "clang++")
FLAGS = (
    "-std=c++17", "-O3", "-fPIC", "-shared", "-pthread",
    "-Wl,-z,defs",  # undefined symbols are errors
    "-fvisibility=hidden",  # else the loader merges the static memories of two boards
    "-Wno-unknown-pragmas", "-Wno-unused-label",
    *(("-march=native",) if platform.machine() in ("x86_64", "AMD64") else ()),  # vectors
)  # fmt: skip


def library(geometry: Geometry = DEFAULT) -> Path:
    """Return the compiled kernels of a geometry, built anew only if something has changed.

    Changes are those of sources, flags, compiler and CPU.

    ``CXX`` names another compiler, ``CXXFLAGS`` adds flags, and ``NIBBLESTREAM_CACHE`` replaces the
    cache folder ``~/.cache/nibblestream``.

    Returns
    -------
    Path
        A shared library.

    Raises
    ------
    FileNotFoundError
        There is no C++ compiler, or the kernels' sources were not installed.
    OSError
        The cache folder cannot be written to.
    RuntimeError
        The sources do not compile.
    """
    compiler = _compiler()
    command = [*compiler, *FLAGS, *_words("CXXFLAGS")]
    constants = list(header(geometry))
    stem = f"kernels-{_digest(command, constants)}"
    for built in sources.cache().glob(f"{stem}-*.so"):
        if built.stem == f"{stem}-{sources.digest([], built.read_bytes().hex())}":
            return built
        built.unlink()  # damaged: loading it could crash the process
    return _build(command, stem, constants)


def _words(variable: str) -> list[str]:
    """Split an environment variable into words, with the quoting of a shell."""
    try:
        return shlex.split(os.environ.get(variable, ""))
    except ValueError as error:
        raise ValueError(f"{variable} is {os.environ[variable]!r}: {error}") from error


def _compiler() -> list[str]:
    named = _words("CXX")
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


def _digest(command: list[str], constants: list[str]) -> str:
    """Return a digest of everything that the library depends on.

    The macros that a compiler predefines tell its version and the instructions of the CPU.
    """
    macros = [*command, "-x", "c++", "-dM", "-E", os.devnull]
    ask = subprocess.run(macros, capture_output=True, check=False)
    made_by = [*command, ask.stdout.decode(errors="replace"), platform.machine(), sys.platform]
    folder = sources.find("hls")
    files = [*folder.glob("kernels/*.?pp"), *folder.glob("sim/*"), *folder.glob("sim/axi/*")]
    return sources.digest(files, *made_by, *constants)


def _build(command: list[str], stem: str, constants: list[str]) -> Path:
    """Compile in a temporary folder in the cache, and move the library into place."""
    cache = sources.writable_cache()
    folder = sources.find("hls")
    with tempfile.TemporaryDirectory(dir=cache, prefix=sources.BUILDING) as name:
        temporary = Path(name)
        (temporary / HEADER).write_text("\n".join(constants) + "\n")
        includes = [f"-I{temporary}", f"-I{folder / 'kernels'}", f"-I{folder / 'sim'}"]
        output = temporary / "kernels.so"
        files = [str(folder / file) for file in FILES]
        run = [*command, *includes, *files, "-o", str(output)]
        done = subprocess.run(run, capture_output=True, text=True, check=False)
        if done.returncode or not output.is_file():
            raise RuntimeError(
                f"the kernels do not compile: {shlex.join(command)} said: "
                f"{_first_error(done.stderr)}"
            )
        content = sources.digest([], output.read_bytes().hex())
        built = cache / f"{stem}-{content}.so"
        output.replace(built)
    return built


def _first_error(text: str) -> str:
    lines = [line for line in text.splitlines() if "error" in line and "ld returned" not in line]
    lines = lines or text.splitlines()
    return lines[0] if lines else "nothing, but wrote no library"
