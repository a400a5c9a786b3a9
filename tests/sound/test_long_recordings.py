"""Recordings of any length in constant memory, and nothing imported that a run does not need."""

import subprocess
import sys

import numpy as np
import pytest
import soundfile

from nibblestream.evaluate.mixtures import _read_segment, segment
from nibblestream.sound import reading
from nibblestream.train.corpus import Corpus

LIMIT = 150  # MB resident, as on a board of 512 MB

MEASURED = """
import re, sys
from nibblestream.cli import main
try:
    main(sys.argv[1:])
finally:
    status = open("/proc/self/status").read()
    print(re.search(r"VmHWM:\\s*(\\d+) kB", status)[1], file=sys.stderr)
"""
LISTED = """
import sys
from nibblestream.cli import main
try:
    main(sys.argv[1:])
finally:
    print(*sorted(sys.modules), file=sys.stderr)
"""
NEEDED = {"click", "nibblestream", "numpy", "soundfile"}
BROUGHT = {"_cffi_backend", "_soundfile", "_soundfile_data", "cython_runtime", "typing_extensions"}
UNUSED = (
    *("quantize.network", "importing", "evaluate", "train", "show", "bench", "sweep", "compare"),
    *("virtual", "driver", "backends.csim", "cycles", "resources", "live", "boards", "generate"),
)


def run(code, *arguments):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stderr.splitlines()[-1]


@pytest.fixture
def write(tmp_path, rng):
    """A function that writes noise without holding it."""

    def write(name, rate, channels, seconds):
        path = tmp_path / name
        piece = rng.normal(0, 0.05, (rate, channels))
        with soundfile.SoundFile(path, "w", rate, channels) as file:
            for _ in range(seconds):
                file.write(piece)
        return path

    return write


@pytest.mark.slow
def test_enhance_takes_little_memory(write, tmp_path):
    rate, channels, seconds = 48_000, 8, 40
    path = write("long.wav", rate, channels, seconds)
    assert 8 * rate * channels * seconds > LIMIT * 1e6 - 40e6  # does not fit beside Python
    peak = int(run(MEASURED, "enhance", path, "-o", tmp_path / "out.wav")) / 1e3
    assert peak < LIMIT
    assert soundfile.info(tmp_path / "out.wav").frames == rate * seconds


@pytest.mark.parametrize("rate", [8000, 48_000])
def test_enhance_imports_what_it_needs(write, tmp_path, rate):
    path = write("short.wav", rate, 1, 1)
    modules = run(LISTED, "enhance", path, "-o", tmp_path / "out.wav").split()
    roots = {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names)
    foreign = {root for root in roots if not root.startswith(("_distutils", "__", "_cython"))}
    assert foreign >= NEEDED
    assert foreign <= NEEDED | BROUGHT
    ours = [name.removeprefix("nibblestream.") for name in modules if "nibblestream" in name]
    assert [name for name in ours if name.startswith(UNUSED)] == []


def test_a_segment_of_noise_is_read_without_the_rest(write):
    path = write("noise.wav", 44_100, 2, 9)
    whole = reading.read_mono(path)
    assert reading.length(path) == len(whole) == 72_000
    for length, start in ((8000, 0.3), (8000, 0.999), (72_000, 0.5), (72_001, 0.5), (100_000, 0)):
        found = _read_segment(path, length, start)
        np.testing.assert_array_equal(found, segment(whole, length, start))


def test_a_part_is_the_part_of_the_whole(write):
    path = write("speech.wav", 16_000, 1, 3)
    whole = reading.read_mono(path)
    for first, last in ((0, 10), (100, 17_000), (23_999, None), (24_000, None), (0, 99_999)):
        part = reading.read_mono(path, first=first, last=last)
        np.testing.assert_array_equal(part, whole[first:last])


def test_training_holds_recordings_in_16_bits(tmp_path, rng):
    """Also those beyond full scale, which are scaled to it."""
    for peak in (0.25, 3.0):
        signal = rng.uniform(-peak, peak, 20 * 8000)
        signal[-1] = peak
        soundfile.write(tmp_path / "a.wav", signal, 8000, subtype="DOUBLE")
        kept = Corpus([tmp_path / "a.wav"])._keep(tmp_path / "a.wav")
        assert kept.dtype == np.int16
        scale = min(2.0**15, 32767 / peak)
        np.testing.assert_array_equal(kept, np.round(signal * scale))
