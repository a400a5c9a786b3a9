"""How the compiled kernels come about: built once, seen when broken, with errors told."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from compiled import ROOT, assert_same, copy_of_sources, in_blocks
from networks import random_model, random_spectrum
from nibblestream import Enhancer, QuantizedModel, quantize, spec
from nibblestream.backends import compiler
from nibblestream.backends.csim import Board, CSimulation
from nibblestream.network import code_stream
from nibblestream.network.activation import LINEAR, RELU, SIGMOID, TANH
from nibblestream.network.lutmac import Network
from nibblestream.network.memory import MEMORY
from nibblestream.network.recurrent import RECURRENT
from nibblestream.speech.pipeline import Pipeline
from plain_networks import plain_network, random_rows

pytestmark = pytest.mark.usefixtures("kernel_cache")

BREAKS = {
    "rounding": ("kernels/rounding.hpp", "(value < 0 ? 1 : 0)", "0"),
    "virtual shift": ("kernels/mac.hpp", "internal ?", "!internal ?"),
    "context": ("kernels/stack.hpp", "context[next][at", "context[bank][at"),
    "row's end": ("kernels/mac.hpp", "other_half || beyond", "other_half"),
    "a CORDIC stage": ("kernels/cordic.hpp", "i < spec::CORDIC_ITERATIONS", "i < 17"),
}  # fmt: skip


@pytest.mark.parametrize("what", BREAKS)
def test_a_broken_kernel_is_seen(rng, tmp_path, monkeypatch, what):
    """The comparison above can fail."""
    tree = copy_of_sources(tmp_path, monkeypatch)
    name, before, after = BREAKS[what]
    text = (tree / name).read_text()
    assert before in text
    (tree / name).write_text(text.replace(before, after))
    model, spectrum = random_model(rng, (7,)), random_spectrum(rng, 20)
    found = in_blocks(model, spectrum, [3, 12])
    assert (found != Pipeline(model).process(spectrum)).any()


def test_it_is_built_once(tmp_path, monkeypatch):
    """Counted by a compiler that only writes its output file and a line."""
    tree = copy_of_sources(tmp_path, monkeypatch)
    monkeypatch.setenv("NIBBLESTREAM_CACHE", str(tmp_path / "cache"))
    fake, log = tmp_path / "fake-cxx", tmp_path / "log"
    fake.write_text(
        "#!/bin/sh\nfor last; do :; done\n"
        f'[ "$last" = {os.devnull} ] || {{ echo "$last" >> {log}; echo 1 > "$last"; }}\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("CXX", str(fake))
    first = compiler.library()
    assert compiler.library() == first
    assert len(log.read_text().splitlines()) == 1
    with (tree / "kernels" / "cores.hpp").open("a") as file:
        file.write("// changed\n")
    second = compiler.library()
    monkeypatch.setenv("CXXFLAGS", "-O1 -DANOTHER")
    third = compiler.library()
    assert len({first, second, third}) == 3
    assert len(list((tmp_path / "cache").iterdir())) == 3  # and nothing temporary is left


def test_another_cpu_gets_another_library(tmp_path, monkeypatch):
    """Its instructions may be others; a compiler names them among the macros that it predefines."""
    monkeypatch.setenv("NIBBLESTREAM_CACHE", str(tmp_path / "cache"))
    fake = tmp_path / "fake-cxx"
    monkeypatch.setenv("CXX", str(fake))
    built = []
    for macro in ("__AVX2__", "__AVX512F__", "__AVX2__"):
        answer = f"#define {macro} 1"
        fake.write_text(
            "#!/bin/sh\nfor last; do :; done\n"
            f'case "$*" in *-dM*) echo "{answer}" ;; *) echo built > "$last" ;; esac\n'
        )
        fake.chmod(0o755)
        built.append(compiler.library())
    assert built[0] == built[2] != built[1]


@pytest.fixture
def plain(kernel_cache, monkeypatch):
    """The build that users run: nothing is checked, and no process is a thread."""
    monkeypatch.delenv("CXXFLAGS")


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("name", ["default", "mlp", "paper"])
def test_what_users_run_gives_the_same_bits(rng, name):
    assert_same(QuantizedModel.load(name), random_spectrum(rng, 45), [32, 41])


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("bits", spec.CODE_BITS)
def test_what_users_run_gives_the_same_bits_for_rows(rng, bits):
    """Of curves, memories and recurrent layers."""
    widths, cells = (7, 51, 17, 33, 11, 5, 2), (TANH, RECURRENT, RELU, MEMORY, SIGMOID, LINEAR)
    model = quantize(plain_network(rng, widths, cells), "u" if bits == 8 else "kmeans", bits)
    rows = random_rows(rng, model, 45)
    with closing(CSimulation(model)) as kernels:
        np.testing.assert_array_equal(kernels.process(rows), Network(model).process(rows))


@pytest.mark.usefixtures("plain")
def test_what_users_run_names_the_stream_that_is_empty(rng):
    model, spectrum = random_model(rng, (7,)), random_spectrum(rng, 2)
    beats, codes = spectrum.view(np.uint64).reshape(-1), code_stream.beats(model)
    registers = {"frames": 2, "beats": len(codes), "bank": 0, "reset": True}
    with pytest.raises(RuntimeError, match=r"deadlock: lut_mac waits for codes .*, which is empty"):
        Board().run(beats, codes[:-1], **registers)


def test_a_damaged_library_is_built_anew(rng, tmp_path, monkeypatch):
    """Loading half a library would end the process."""
    monkeypatch.setenv("NIBBLESTREAM_CACHE", str(tmp_path))
    monkeypatch.setenv("CXXFLAGS", "-O1")
    built = compiler.library()
    built.write_bytes(built.read_bytes()[:20_000])
    assert_same(random_model(rng, (3,)), random_spectrum(rng, 2))
    assert compiler.library().stat().st_size > 20_000


def test_what_killed_builds_left_is_removed(tmp_path, monkeypatch):
    copy_of_sources(tmp_path, monkeypatch)
    cache = tmp_path / "cache"
    monkeypatch.setenv("NIBBLESTREAM_CACHE", str(cache))
    old, new = cache / "building-old", cache / "building-new"
    for folder in (old, new):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    compiler.library()
    assert not old.exists()
    assert new.exists()


def test_close_unloads(rng):
    """Each library is a map of memory, and a process may have so many."""
    model = random_model(rng, (3,))

    def maps():
        return Path("/proc/self/maps").read_text().count("kernels-")

    CSimulation(model).close()  # the loader keeps the first that shares a symbol with the others
    before = maps()
    for _ in range(5):
        with Enhancer(model, "csim") as enhancer:
            enhancer.enhance(np.zeros(200), 8000)
            assert maps() > before
    Board()  # never closed: its end is that of the object
    assert maps() == before


def test_a_cache_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NIBBLESTREAM_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(OSError, match=r"/cache, cannot be used: .*NIBBLESTREAM_CACHE=\.\.\."):
        Enhancer(backend="csim")


@pytest.mark.parametrize("variable", ["CXX", "CXXFLAGS"])
def test_a_quote_left_open_is_named(monkeypatch, variable):
    monkeypatch.setenv(variable, "g++ '")
    with pytest.raises(ValueError, match=rf"{variable} is .*No closing quotation"):
        Enhancer(backend="csim")


@pytest.mark.parametrize("command", ["true", "gcc"])
def test_a_compiler_that_makes_no_library_is_told(tmp_path, monkeypatch, command):
    """gcc compiles C++, but leaves its library out: the kernels would lack symbols."""
    monkeypatch.setenv("NIBBLESTREAM_CACHE", str(tmp_path))
    monkeypatch.setenv("CXX", command)
    with pytest.raises(RuntimeError, match="do not compile"):
        Enhancer(backend="csim")
    assert list(tmp_path.iterdir()) == []


def test_a_system_without_more_threads_gives_an_error(rng):
    """Not the end of the process."""
    program = """if True:
        import resource
        import numpy as np
        from networks import random_model, random_spectrum
        from nibblestream.backends.csim import CSimulation
        rng = np.random.default_rng(1)
        simulation = CSimulation(random_model(rng, (3,)))
        spectrum = random_spectrum(rng, 2)
        size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + (30 << 20), resource.RLIM_INFINITY))
        try:
            simulation.process(spectrum)
        except RuntimeError as error:
            print("told:", error)
    """
    paths = os.pathsep.join([str(ROOT / "host"), str(ROOT / "tests")])
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "told: the kernels' simulation stopped" in done.stdout


def test_no_compiler_is_one_clear_line(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("CXX", raising=False)
    none = r"no C\+\+ compiler: looked for c\+\+, g\+\+, clang\+\+; install"
    with pytest.raises(FileNotFoundError, match=none):
        Enhancer(backend="csim")
    monkeypatch.setenv("CXX", "gxx -m64")
    with pytest.raises(FileNotFoundError, match=r"looked for gxx; install"):
        Enhancer(backend="csim")


def test_sources_that_do_not_compile_are_told(tmp_path, monkeypatch):
    tree = copy_of_sources(tmp_path, monkeypatch)
    (tree / "kernels" / "words.hpp").write_text("#error none of this\n")
    with pytest.raises(RuntimeError, match=r"do not compile: .*none of this"):
        Enhancer(backend="csim")


def test_the_package_carries_the_sources(tmp_path):
    """What setup.py would install: a wheel without the kernels could not build them."""
    build = [sys.executable, "setup.py", "--quiet", "build", "--build-base", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    installed = tmp_path / "lib" / "nibblestream" / "hls"
    for folder, pattern in (("kernels", "*.?pp"), ("sim", "*.*"), ("sim/axi", "*.h")):
        names = {path.name for path in (ROOT / "hls" / folder).glob(pattern)}
        assert names
        assert names == {path.name for path in (installed / folder).glob(pattern)}


@pytest.mark.slow
def test_sanitizers_find_nothing(tmp_path):
    """Address and undefined-behaviour sanitizers over a run of every code width.

    And over a block whose stacks are larger than the memories, as a damaged header may ask for.
    """
    preload = [
        subprocess.run(["g++", f"-print-file-name={name}"], capture_output=True, text=True).stdout
        for name in ("libasan.so", "libubsan.so")
    ]
    environment = {
        **os.environ,
        "LD_PRELOAD": " ".join(path.strip() for path in preload),
        "ASAN_OPTIONS": "detect_leaks=0",  # of the interpreter
        "CXX": "g++",
        "CXXFLAGS": "-O1 -fsanitize=address,undefined -fno-sanitize-recover=all",
        "NIBBLESTREAM_CACHE": str(tmp_path),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "host"), str(ROOT / "tests")]),
    }
    program = """if True:
        import numpy as np
        from networks import random_model, random_spectrum
        from compiled import assert_same
        rng = np.random.default_rng(1)
        for bits in (2, 3, 4, 8):
            model = random_model(rng, (21, 3), scheme="u", bits=bits)
            assert_same(model, random_spectrum(rng, 40), [7])
        from nibblestream.backends.csim import Board
        from nibblestream.geometry import Geometry
        from nibblestream.network import code_stream
        small = Geometry.parse("16x1-depth64-block1-kept0")
        codes = code_stream.beats(model, small)
        spectrum = model.rows[0].pack(random_spectrum(rng, 1))
        refused = dict(frames=1, beats=len(codes), bank=0, reset=True)
        made, digests = Board(small).run(spectrum, codes, **refused)
        assert digests.codes == 0 and not made.any()
    """
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
