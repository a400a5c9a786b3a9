"""The kernels' C++ against the emulation: the same bits, always."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from networks import random_model, random_spectrum
from nibblestream import Enhancer, QuantizedModel, code_stream, compiler, sources, spec
from nibblestream.backends.csim import Board, CSimulation
from nibblestream.evaluate.mixtures import mixtures
from nibblestream.pipeline import Pipeline

ROOT = Path(__file__).resolve().parents[1]
WIDTHS = st.lists(st.integers(1, 70), max_size=3)
KINDS = st.sampled_from(["log2", "magnitude"]), st.sampled_from(["gain", "magnitude"])


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """One folder for the libraries built here, so that the tests compile what they test."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIBBLESTREAM_CACHE", str(folder))
        patch.setenv("CXXFLAGS", "-DNIBBLESTREAM_CHECKED")
        yield folder


def in_blocks(model, spectrum, cuts=()):
    simulation = CSimulation(model)
    parts = [simulation.process(part) for part in np.split(spectrum, cuts)]
    return np.concatenate(parts)


def assert_same(model, spectrum, cuts=()):
    np.testing.assert_array_equal(
        in_blocks(model, spectrum, cuts), Pipeline(model).process(spectrum)
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.data_too_large])
@given(st.integers(0, 2**32 - 1), WIDTHS, *KINDS, st.sampled_from([2, 3, 4, 8]), st.data())
def test_random_models_of_every_kind(seed, hidden, features, head, bits, data):
    """Depth 1 to 4, odd widths, all code widths, with and without ReLU, any cut into blocks."""
    rng = np.random.default_rng(seed)
    kind = {"features": features, "head": head, "bits": bits}
    model = random_model(rng, tuple(hidden), scheme="u" if bits == 8 else "rs-vbs", **kind)
    count = len(model.layers)
    relu = data.draw(st.lists(st.booleans(), min_size=count, max_size=count))
    layers = [replace(layer, relu=on) for layer, on in zip(model.layers, relu, strict=True)]
    frames = data.draw(st.integers(1, 50))
    cuts = sorted(data.draw(st.lists(st.integers(0, frames), max_size=4)))
    assert_same(replace(model, layers=tuple(layers)), random_spectrum(rng, frames), cuts)


@pytest.mark.parametrize("k", range(11))
def test_every_virtual_shift(rng, k):
    assert_same(random_model(rng, (9,), scheme="u-vbs", bits=3, k=k, m=5), random_spectrum(rng, 9))


@pytest.mark.parametrize("frames", [*range(1, 33), 33, 64, 65])
def test_every_size_of_a_block(rng, frames):
    assert_same(random_model(rng, (18,)), random_spectrum(rng, frames))


@pytest.mark.parametrize("bits", [4, 8])
def test_the_widest_layers(rng, bits):
    """2048 to 2048 leaves room for 16 frames a block."""
    model = random_model(rng, (2048, 2048), scheme="u", bits=bits)
    assert model.block == 16
    assert_same(model, random_spectrum(rng, 17))


@pytest.mark.parametrize("value", [spec.SPECTRUM.low, spec.SPECTRUM.high, 0, 1, -1])
def test_extremes_everywhere(rng, value):
    spectrum = np.full((10, spec.BINS, 2), value, np.int32)
    for name in ("default", "paper"):
        assert_same(QuantizedModel.load(name), spectrum)


def test_recorded_speech(shared_data):
    clips = mixtures(shared_data / "speech" / "test", shared_data / "noise" / "test", count=6)
    for name in ("default", "paper"):
        with Enhancer(name, "emu") as emulated, Enhancer(name, "csim") as compiled:
            for clip in clips:
                noisy = clip.realise()[1]
                ours, theirs = compiled.enhance(noisy, 8000), emulated.enhance(noisy, 8000)
                np.testing.assert_array_equal(ours, theirs)


def test_boards_side_by_side_share_nothing(rng):
    model, spectrum = random_model(rng), random_spectrum(rng, 24)
    first, second = CSimulation(model), CSimulation(model)
    parts = []
    for frame in np.split(spectrum, 24):
        parts.append(first.process(frame))
        second.process(frame[::-1] // 2)
    np.testing.assert_array_equal(np.concatenate(parts), Pipeline(model).process(spectrum))


def test_reset_forgets(rng):
    model, spectrum = random_model(rng), random_spectrum(rng, 12)
    simulation = CSimulation(model)
    before = simulation.process(spectrum)
    assert (simulation.process(spectrum) != before).any()
    simulation.reset()
    np.testing.assert_array_equal(simulation.process(spectrum), before)


# --- the board itself ----------------------------------------------------------------------


def run(board, model, spectrum, bank=0, reset=True, codes=None, **registers):
    beats = np.ascontiguousarray(spectrum).view(np.uint64).reshape(-1)
    codes = code_stream.beats(model) if codes is None else codes
    given = {"frames": len(spectrum), "beats": len(codes), **registers}
    return board.run(beats, codes, bank=bank, reset=reset, **given)


def test_a_block_can_be_repeated(rng):
    model, spectrum = random_model(rng), random_spectrum(rng, 20)
    board = Board()
    run(board, model, spectrum[:9])
    once, _ = run(board, model, spectrum[9:], bank=1, reset=False)
    again, _ = run(board, model, spectrum[9:], bank=1, reset=False)
    np.testing.assert_array_equal(once, again)
    later, _ = run(board, model, spectrum[9:], bank=0, reset=False)
    assert (later != once).any()


def damaged(beats, at, bits):
    found = beats.copy()
    found[at] ^= np.uint64(bits)
    return found


REFUSED = {
    "magic": lambda beats: damaged(beats, 0, 1),
    "version": lambda beats: damaged(beats, 0, 1 << 33),
    "no layers": lambda beats: damaged(beats, 0, 2 << 40),
    "another layer": lambda beats: damaged(beats, 0, 1 << 40),
    "inputs": lambda beats: damaged(beats, 1, 1),
    "outputs": lambda beats: damaged(beats, 1, 1 << 23),
    "no outputs": lambda beats: damaged(beats, 1, 16 << 12),
    "more inputs than there can be": lambda beats: damaged(beats, 1, int(beats[1]) & 4095 ^ 4095),
    "more outputs than there can be": lambda beats: damaged(
        beats, 1, (int(beats[1]) >> 12 & 4095 ^ 4095) << 12
    ),
    "code bits": lambda beats: damaged(beats, 1, 1 << 24),
    "output bits": lambda beats: damaged(beats, 1, 1 << 45),
    "a beat less": lambda beats: beats[:-1],
    "a beat more": lambda beats: np.append(beats, beats[-1:]),
    "one beat": lambda beats: beats[:1],
}


@pytest.mark.parametrize("how", REFUSED)
def test_a_stream_that_cannot_run_gives_zeros_and_no_digest(rng, how):
    model, spectrum = random_model(rng, (16,)), random_spectrum(rng, 5)
    board = Board()
    enhanced, digests = run(board, model, spectrum, codes=REFUSED[how](code_stream.beats(model)))
    assert digests.codes == 0
    assert not enhanced.any()
    enhanced, digests = run(board, model, spectrum)  # and the board is as good as before
    assert digests.codes == code_stream.digest(code_stream.beats(model))
    expected = Pipeline(model).process(spectrum)
    np.testing.assert_array_equal(enhanced.view(np.int32).reshape(expected.shape), expected)


def test_a_flipped_bit_shows_in_the_digest(rng):
    model, spectrum = random_model(rng, (16,)), random_spectrum(rng, 5)
    codes = code_stream.beats(model)
    for at in (6, 100, len(codes) - 1):
        changed = damaged(codes, at, 1 << 17)
        _, digests = run(Board(), model, spectrum, codes=changed)
        assert digests.codes == code_stream.digest(changed) != code_stream.digest(codes)


def test_digests_of_spectra_are_those_of_the_memory(rng):
    spectrum = random_spectrum(rng, 5)
    enhanced, digests = run(Board(), random_model(rng, (16,)), spectrum)
    assert digests.enhanced == code_stream.digest(enhanced)
    assert digests.spectrum == code_stream.digest(spectrum.view(np.uint64).reshape(-1))


def test_a_deadlock_names_the_streams(rng):
    model, spectrum = random_model(rng), random_spectrum(rng, 4)
    codes = code_stream.beats(model)
    with pytest.raises(RuntimeError, match=r"deadlock:.* lut_mac waits for codes .*empty"):
        run(Board(), model, spectrum, codes=codes[:-1], beats=len(codes))
    with pytest.raises(RuntimeError, match=r"cordic_vectoring waits for spectrum .*empty"):
        run(Board(), model, spectrum, frames=5)
    with pytest.raises(RuntimeError, match=r"\(write\) waits for enhanced"):
        run(Board(), model, np.zeros((33, spec.BINS, 2), np.int32))  # more than a block may have
    with pytest.raises(RuntimeError, match=r"DMA 1 waits for codes .*full"):
        run(Board(), model, spectrum, beats=100)


def test_a_short_polar_fifo_is_found(rng, tmp_path, monkeypatch):
    """lut_mac takes a whole block before it gives anything: the FIFO beside it has to hold it."""
    tree = copy_of_sources(tmp_path, monkeypatch)
    board = tree / "sim" / "board.cpp"
    board.write_text(board.read_text().replace('rotation)", spec::POLAR_DEPTH', 'rotation)", 4125'))
    model = random_model(rng)
    assert_same(model, random_spectrum(rng, 31))
    with pytest.raises(RuntimeError, match=r"cordic_vectoring waits for polar .*full"):
        in_blocks(model, random_spectrum(rng, 32))


# --- the build -----------------------------------------------------------------------------


def copy_of_sources(tmp_path, monkeypatch) -> Path:
    tree = tmp_path / "hls"
    shutil.copytree(sources.find("hls"), tree)
    monkeypatch.setattr(sources, "find", lambda name: tree)
    monkeypatch.setenv("CXXFLAGS", "-O1")
    return tree


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
        f'[ "$last" = --version ] || {{ echo "$last" >> {log}; echo 1 > "$last"; }}\n'
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
    with pytest.raises(OSError, match=r"is kept in .*cache, but: .*NIBBLESTREAM_CACHE=\.\.\."):
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
    """Address and undefined-behaviour sanitizers over a run of every code width."""
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
        from test_csim import assert_same
        rng = np.random.default_rng(1)
        for bits in (2, 3, 4, 8):
            model = random_model(rng, (21, 3), scheme="u", bits=bits)
            assert_same(model, random_spectrum(rng, 40), [7])
    """
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
