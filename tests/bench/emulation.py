"""Speed of the emulation, and of the compiled kernels: the same 10 s, the same network, against
float32 PyTorch and librosa; and the time of a live hop.

Run by `make bench`. Each side computes the STFT, the network and the inverse STFT, on equally many
threads. The float side has no integer work to do: its features are log2 of the magnitude over the
same tracked floor. `--json FILE` also writes the figures.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from float_peer import Peer
from threadpoolctl import threadpool_limits

from nibblestream import Enhancer, spec
from nibblestream.backends import connect
from nibblestream.network.float_model import FloatModel
from nibblestream.network.model import load_model
from nibblestream.speech.front import speech_of
from nibblestream.studies.bench import hop
from nibblestream.studies.bench.report import machine

SECONDS = 10
REPEATS = 15
MODELS = ("default", "mlp", "paper")
PEER = "PyTorch, librosa"
VERSIONS = ("torch", "librosa", "scipy")  # beside those that `machine` names


def least_seconds(runs: list[Callable[[], object]]) -> list[float]:
    """Return the least time of each run, as other load only adds; runs alternate."""
    times = np.empty((REPEATS, len(runs)))
    for row in times:
        for i, run in enumerate(runs):
            start = time.perf_counter()
            run()
            row[i] = time.perf_counter() - start
    return [float(seconds) for seconds in times[2:].min(axis=0)]


def times(name: str) -> dict[str, float]:
    """Return the seconds that each side takes for a network."""
    noisy = np.random.default_rng(0).normal(0, 0.1, SECONDS * spec.SAMPLE_RATE)
    single = noisy.astype(np.float32)
    model = FloatModel.load(f"{name}-float")
    peer = Peer(model)
    with Enhancer(model) as reference:
        expected = reference.enhance(single, spec.SAMPLE_RATE)
    np.testing.assert_allclose(peer.enhance(single), expected, atol=1e-3)  # the same network
    with Enhancer(name, "emu") as emulation, Enhancer(name, "csim") as compiled:
        seconds = least_seconds(
            [
                lambda: emulation.enhance(noisy, spec.SAMPLE_RATE),
                lambda: compiled.enhance(noisy, spec.SAMPLE_RATE),
                lambda: peer.enhance(single),
            ]
        )
    return dict(zip(("emu", "csim", PEER), seconds, strict=True))


def hops(name: str, seconds: float = 2.0) -> dict[str, float]:
    """Return the median and the 99th percentile of the time of a hop on `emu`, in ms."""
    model = load_model(name)
    found = hop.figures(connect("emu", model), speech_of(model).window, seconds)
    return {figure: of.value for figure, of in found.items()}


def report(results: dict[str, dict[str, float]], live: dict[str, dict[str, float]]) -> None:
    print("model    what                    time      RTF  to peer   to emu")
    for name, found in results.items():
        for what, seconds in found.items():
            print(
                f"{name:<9}{what:<18}{1e3 * seconds:8.1f} ms{seconds / SECONDS:9.4f}"
                f"{seconds / found[PEER]:9.2f}{seconds / found['emu']:9.2f}"
            )
    for name, of in live.items():
        print(f"{name}: a live hop on emu takes {' '.join(f'{ms:.3f}' for ms in of.values())} ms")
    print("(median, 99th percentile; a hop is 64 samples, 8 ms)")


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the emulation against PyTorch.")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--threads", type=int, default=1, help="of BLAS and PyTorch alike")
    parser.add_argument("--model", nargs="+", default=MODELS, help="bundled models")
    options = parser.parse_args()
    versions = [f"{name} {version(name)}" for name in VERSIONS]
    print(f"{machine()}, {', '.join(versions)}; {options.threads} threads")
    print(f"{SECONDS} s of audio, the fastest of {REPEATS - 2} runs, measured on this machine")
    torch.set_num_threads(options.threads)
    with threadpool_limits(options.threads):
        results = {name: times(name) for name in options.model}
        live = {name: hops(name) for name in options.model}
    report(results, live)
    if options.json is not None:
        about = {"audio_seconds": SECONDS, "runs": REPEATS - 2, "threads": options.threads}
        about |= {"machine": machine(), "versions": versions, "seconds": results, "hops": live}
        options.json.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
