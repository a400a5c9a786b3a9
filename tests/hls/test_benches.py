"""The kernels' test benches: with our integers, AMD's and Siemens', on right and wrong vectors."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conftest import ROOT
from nibblestream import spec
from nibblestream.geometry import DEFAULT
from nibblestream.golden.__main__ import KERNELS
from nibblestream.golden.block import Block, write

HLS = ROOT / "hls"
CORES = 2
# What says most: memory and arithmetic errors, and values that do not fit their word.
CHECKED = (
    "CXXFLAGS=-O1 -g -DNIBBLESTREAM_CHECKED -fsanitize=address,undefined"
    " -fno-sanitize-recover=all"
)  # fmt: skip
STRICT = ["-Wall", "-Wextra", "-Wconversion", "-Wpedantic", "-Werror"]
OUTPUTS = {"cordic_vectoring": ("magnitude", "polar"), "lut_mac": ("network",),
           "cordic_rotation": ("spectrum",)}  # fmt: skip
REGISTERS = ("digest", "identity")  # what each kernel answers
HINT = "make it by: python -m nibblestream.golden FOLDER"


def vendor_headers(*folders: str) -> Path:
    found = importlib.util.find_spec("hls4ml")  # not imported: only its headers are wanted
    if found is None or found.origin is None:
        pytest.fail("hls4ml, which brings the vendors' headers, is not installed: run make test")
    return Path(found.origin).parent.joinpath("templates", *folders)


def make(folder: Path, *arguments: str) -> Path:
    """Build the benches, or what `arguments` name, as hls/tb/Makefile does."""
    command = ["make", "-s", "-C", str(HLS / "tb"), f"-j{CORES}", f"BUILD={folder}",
               f"PYTHON={sys.executable}", *arguments]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    assert done.returncode == 0, done.stderr
    return folder


def environment(**more: str) -> dict[str, str]:
    """Ours, without what an outer make would pass on."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))
    }
    return {**kept, **more}


@pytest.fixture(scope="session")
def ours(tmp_path_factory) -> Path:
    return make(tmp_path_factory.mktemp("ours"), "benches", CHECKED) / "tb"


@pytest.fixture(scope="session")
def amds(tmp_path_factory) -> Path:
    headers = f"HEADERS=-isystem {vendor_headers('vivado', 'ap_types')}"
    folder = tmp_path_factory.mktemp("amds")
    return make(folder, "benches", "CXXFLAGS=-O1", "WARNINGS=", headers) / "tb"


@pytest.fixture(scope="session")
def siemens(tmp_path_factory) -> Path:
    """As an HLS compiler sees the kernels whose ap_int is ac_int; its header is made for clang.

    With g++'s C++ library: ziglang's own would first be compiled, for a minute.
    """
    integers = vendor_headers("catapult", "ac_types", "include")
    headers = f"HEADERS=-I{ROOT / 'tests' / 'ac_types'} -isystem {integers} -I../sim"
    library = " ".join(f"-I{folder}" for folder in library_headers())
    compiler = f"CXX={sys.executable} -m ziglang c++ -fno-sanitize=undefined -nostdinc++ {library}"
    flags = ("CXXFLAGS=-O1", "WARNINGS=-w", "LINK=g++")
    return make(tmp_path_factory.mktemp("siemens"), "benches", compiler, *flags, headers) / "tb"


def library_headers() -> list[str]:
    """Where g++ finds the headers of its C++ library."""
    command, plain = ["g++", "-x", "c++", "-E", "-v", "/dev/null"], environment(LC_ALL="C")
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=plain).stderr
    folders = re.search(r"#include <\.\.\.> search starts here:\n(.*?)End of search", said, re.S)
    assert folders, said
    return [folder for folder in folders[1].split() if "c++" in folder.split("/")]


@pytest.fixture(scope="session")
def vectors() -> dict[str, list[Block]]:
    return {kernel: list(blocks(np.random.default_rng(number), DEFAULT))
            for number, (kernel, blocks) in enumerate(KERNELS.items())}  # fmt: skip


def run(bench: Path, *arguments: Path, **extra) -> tuple[int, str]:
    """Exit status, and all that was printed."""
    done = subprocess.run([bench, *arguments], capture_output=True, text=True, check=False, **extra)
    return done.returncode, done.stdout + done.stderr


def run_blocks(bench: Path, path: Path, blocks: list[Block]) -> tuple[int, str]:
    kernel = bench.name.removesuffix("_tb")
    write(path, list(KERNELS).index(kernel), blocks)
    return run(bench, path)


@pytest.mark.slow
@pytest.mark.parametrize("headers", ["ours", "amds", "siemens"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_the_kernel_gives_the_golden_bits(kernel, headers, request, vectors, tmp_path):
    bench = request.getfixturevalue(headers) / f"{kernel}_tb"
    blocks = vectors[kernel]
    beats = sum(len(stream) for block in blocks for stream in block.outputs)
    expected = f"{kernel}: {len(blocks)} blocks, {beats} beats, all as expected\n"
    assert run_blocks(bench, tmp_path / "a.bin", blocks) == (0, expected)


@pytest.mark.slow
@pytest.mark.parametrize("geometry", ["32x8", "16x16-by-code"])
def test_other_geometries_give_the_golden_bits(geometry, tmp_path):
    """With the golden vectors of the geometry, as `make csim GEOMETRY=...` runs them."""
    made = make(tmp_path, "run-lut_mac", f"GEOMETRY={geometry}", "CXXFLAGS=-O1")
    assert (made / "golden" / "lut_mac.bin").stat().st_size > 100_000


def with_one_bit_wrong(
    blocks: list[Block], at: int, stream: int, beat: int, bit: int
) -> list[Block]:
    outputs = [stream.copy() for stream in blocks[at].outputs]
    outputs[stream][beat] ^= np.uint64(1 << bit)
    return [*blocks[:at], replace(blocks[at], outputs=tuple(outputs)), *blocks[at + 1 :]]


@pytest.mark.parametrize(
    ("kernel", "at", "stream", "beat", "bit"),
    [
        ("cordic_vectoring", 1, 0, 0, 63),
        ("cordic_vectoring", 5, 0, 700, 0),
        ("cordic_vectoring", 7, 1, 4127, 47),
        ("lut_mac", 1, 0, 17, 14),
        ("lut_mac", 54, 0, 386, 32),
        ("cordic_rotation", 21, 0, 128, 40),
    ],
)
def test_one_wrong_bit_is_found_where_it_is(ours, vectors, tmp_path, kernel, at, stream, beat, bit):
    found = int(vectors[kernel][at].outputs[stream][beat])
    expected = f"found {found:#x} expected {found ^ 1 << bit:#x}"
    wrong = with_one_bit_wrong(vectors[kernel], at, stream, beat, bit)
    where = f"block {at}, {OUTPUTS[kernel][stream]}, beat {beat}"
    assert run_blocks(ours / f"{kernel}_tb", tmp_path / "a.bin", wrong) == (
        1,
        f"{kernel}: {where}: {expected}\n",
    )


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_wrong_register_is_found(ours, vectors, tmp_path, kernel):
    for i, name in enumerate(REGISTERS):
        first, second, *rest = vectors[kernel]
        right = list(second.registers)
        wrong = tuple(value ^ (i == j) for j, value in enumerate(right))
        expected = f"block 1, {name}: found {right[i]:#x} expected {wrong[i]:#x}"
        blocks = [first, replace(second, registers=wrong), *rest]
        found = run_blocks(ours / f"{kernel}_tb", tmp_path / "a.bin", blocks)
        assert found == (1, f"{kernel}: {expected}\n")


# A stand-in for cordic_vectoring that echoes, with a fault of the environment's choice.
ECHO = """
#include <cstdlib>
#include <string>
#include "kernels.hpp"

void cordic_vectoring(axis_stream& spectrum, axis_stream& magnitude, axis_stream& polar,
                      ap_uint<8> frames, ap_uint<32>, ap_uint<32>* digest,
                      ap_uint<32>* identity) {
  const std::string fault = std::getenv("FAULT");
  const int count = frames.to_int() * spec::BINS;
  for (int i = 0; i < count; ++i) {
    if (fault == "one left" && i == 128) break;
    axis_t beat = spectrum.read();
    if (fault == "no last") beat.last = 0;
    if (fault == "early last" && i == 5) beat.last = 1;
    if (fault == "keep" && i == 6) beat.keep = 0x7F;
    magnitude.write(beat);
    if (fault == "one more" && i == 7) magnitude.write(beat);
    if (fault != "one fewer" || i < 128) polar.write(beat);
  }
  if (fault == "extra") polar.write({0, 0xFF, 0xFF, 1});
  *digest = 7;
  *identity = fault == "identity" ? 0 : spec::IDENTITY;
}
"""


@pytest.fixture(scope="session")
def echo(ours, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("echo")
    (folder / "echo.cpp").write_text(ECHO)
    bench = folder / "cordic_vectoring_tb"
    files = [folder / "echo.cpp", HLS / "tb" / "cordic_vectoring_tb.cpp"]
    subprocess.run(["g++", *flags(ours.parent), *files, "-pthread", "-o", bench], check=True)
    return bench


def flags(generated: Path) -> list[str]:
    folders = [HLS / "sim", HLS / "sim" / "axi", HLS / "kernels", generated]
    ignored = ["-Wno-unknown-pragmas", "-Wno-unused-label"]  # they are for synthesis
    return ["-std=c++17", *ignored, *(f"-I{folder}" for folder in folders)]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("none", None),
        ("no last", "block 0, magnitude, beat 128, TLAST: found 0x0 expected 0x1"),
        ("early last", "block 0, magnitude, beat 5, TLAST: found 0x1 expected 0x0"),
        ("keep", "block 0, magnitude, beat 6, TKEEP: found 0x7f expected 0xff"),
        ("one more", "block 0, magnitude, beat 8: found 0x7 expected 0x8"),
        ("extra", "block 0, polar: found more beats than the expected 129"),
        ("one fewer", "block 0, polar: found 128 beats expected 129"),
        ("one left", "block 0, spectrum: the kernel left beats in it"),
        ("identity", f"block 0, identity: found 0x0 expected {DEFAULT.identity:#x}"),
    ],
)
def test_what_a_kernel_can_do_wrong_is_found(echo, tmp_path, fault, expected):
    stream = np.arange(spec.BINS, dtype=np.uint64)
    block = Block((1, 0), (stream,), (stream, stream), (7, DEFAULT.identity))
    write(tmp_path / "a.bin", 0, [block])
    found = run(echo, tmp_path / "a.bin", env=environment(FAULT=fault))
    right = "1 blocks, 258 beats, all as expected"
    assert found == (int(expected is not None), f"cordic_vectoring: {expected or right}\n")


@pytest.fixture
def content(vectors, tmp_path) -> bytes:
    write(tmp_path / "right.bin", 0, vectors["cordic_vectoring"][:3])
    return (tmp_path / "right.bin").read_bytes()


def words(*values: int) -> bytes:
    return np.array(values, "<u8").tobytes()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda right: b"", "holds no golden vectors"),
        (lambda right: b"RIFF" + right[4:], "holds no golden vectors"),
        (lambda right: right[:7], "holds no golden vectors"),
        (lambda right: right[:8], "is truncated"),
        (lambda right: right[:24], "is truncated"),
        (lambda right: right[: len(right) // 2], "is truncated"),
        (lambda right: right[:-8], "is truncated"),
        (lambda right: right[:-1], "is truncated"),
        (lambda right: right[:48] + words(2**63) + right[56:], "is truncated"),
        (lambda right: right + words(0), "has words after its last block"),
        (lambda right: right[:8] + words(1) + right[16:], "has version 1, this bench reads 2"),
        (lambda right: right[:16] + words(1) + right[24:], "holds the vectors of another kernel"),
    ],
)
def test_a_file_that_is_not_right_is_refused(ours, content, tmp_path, change, expected):
    path = tmp_path / "a.bin"
    path.write_bytes(change(content))
    found = run(ours / "cordic_vectoring_tb", path)
    assert found == (1, f"cordic_vectoring: {path}: {expected}; {HINT}\n")


def test_a_file_that_is_not_there_is_told(ours, tmp_path):
    found = run(ours / "lut_mac_tb", cwd=tmp_path)
    assert found == (1, f"lut_mac: lut_mac.bin: cannot be read; {HINT}\n")


@pytest.mark.slow
@pytest.mark.parametrize("compiler", ["g++", "clang"])
def test_no_compiler_warns(ours, tmp_path, compiler):
    sources = [path for folder in ("kernels", "sim", "tb") for path in (HLS / folder).glob("*.cpp")]
    assert len(sources) >= 10
    with ThreadPoolExecutor(CORES) as pool:
        said = list(
            pool.map(lambda source: warnings(compiler, source, ours.parent, tmp_path), sources)
        )
    assert said == [""] * len(sources)


def warnings(compiler: str, source: Path, generated: Path, folder: Path) -> str:
    """What a compiler says of a source; clang is the one that the ziglang package brings."""
    program = ["g++"] if compiler == "g++" else [sys.executable, "-m", "ziglang", "c++"]
    command = [*program, *STRICT, *flags(generated), "-c", source, "-o", folder / source.stem]
    cache = environment(ZIG_GLOBAL_CACHE_DIR=str(folder), ZIG_LOCAL_CACHE_DIR=str(folder))
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=cache)
    return done.stderr or ("" if done.returncode == 0 else f"exit status {done.returncode}")
