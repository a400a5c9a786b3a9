"""Speed of the emulation, and of the compiled kernels: the same 10 s, the same network, against
float32 PyTorch and librosa.

Run by `make bench`. Each side computes the STFT, the network and the inverse STFT. The float side
has no integer work to do: its features are log2 of the magnitude over the same tracked floor.
`--json FILE` also writes the figures.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import torch

from nibblestream import Enhancer, spec
from nibblestream.network.float_model import FloatModel

SECONDS = 10
REPEATS = 15
PEER = "PyTorch, librosa"
LAYOUT = {"hop_length": spec.HOP, "win_length": spec.WINDOW}


class Peer:
    """The float32 network in PyTorch, between librosa's transforms."""

    def __init__(self, model: FloatModel) -> None:
        self._layers = [
            (torch.from_numpy(w), torch.from_numpy(b))
            for w, b in zip(model.weights, model.biases, strict=True)
        ]
        self._model = model

    @torch.inference_mode()
    def enhance(self, noisy: np.ndarray) -> np.ndarray:
        spectrum = librosa.stft(noisy, n_fft=spec.FFT, **LAYOUT)
        magnitude = np.abs(spectrum)
        seen = (
            magnitude.T
            if self._model.front.features == "magnitude"
            else self._features(magnitude.T)
        )
        x = self._stack(torch.from_numpy(seen))
        for weights, bias in self._layers:
            x = torch.relu(torch.nn.functional.linear(x, weights, bias))
        if self._model.front.head == "gain":
            clean = spectrum * x.clamp(self._model.front.gain_floor, 1).numpy().T
        else:
            clean = x.numpy().T * np.exp(1j * np.angle(spectrum))
        return librosa.istft(clean, n_fft=spec.FFT, length=len(noisy), **LAYOUT)

    @staticmethod
    def _features(magnitude: np.ndarray) -> np.ndarray:
        level = np.log2(magnitude * 2.0**spec.MAGNITUDE.frac + spec.LOG2_OFFSET)
        floors, floor = np.empty_like(level), level[0].copy()
        rise, fall = np.float32(2.0**-spec.FLOOR_RISE), np.float32(2.0**-spec.FLOOR_FALL)
        for t, now in enumerate(level):
            difference = now - floor
            floor += np.maximum(difference, 0) * rise + np.minimum(difference, 0) * fall
            floors[t] = floor
        return np.clip((level - floors) / 8, -1, 1)

    @staticmethod
    def _stack(features: torch.Tensor) -> torch.Tensor:
        padded = torch.nn.functional.pad(features, (0, 0, spec.CONTEXT - 1, 0))
        return padded.unfold(0, spec.CONTEXT, 1).transpose(1, 2).flatten(1)


def median_seconds(runs: list[Callable[[], object]]) -> list[float]:
    """Return the median time of each run; runs alternate, so that other load slows all alike."""
    times = np.empty((REPEATS, len(runs)))
    for row in times:
        for i, run in enumerate(runs):
            start = time.perf_counter()
            run()
            row[i] = time.perf_counter() - start
    return [float(seconds) for seconds in np.median(times[2:], axis=0)]


def times(name: str) -> dict[str, float]:
    """Return the seconds that each side takes for a network."""
    noisy = np.random.default_rng(0).normal(0, 0.1, SECONDS * spec.SAMPLE_RATE)
    peer = Peer(FloatModel.load(f"{name}-float"))
    with Enhancer(name, "emu") as emulation, Enhancer(name, "csim") as compiled:
        seconds = median_seconds(
            [
                lambda: emulation.enhance(noisy, spec.SAMPLE_RATE),
                lambda: compiled.enhance(noisy, spec.SAMPLE_RATE),
                lambda: peer.enhance(noisy.astype(np.float32)),
            ]
        )
    return dict(zip(("emu", "csim", PEER), seconds, strict=True))


def report(name: str, found: dict[str, float]) -> None:
    for what, seconds in found.items():
        print(
            f"{name:<9}{what:<18}{1e3 * seconds:8.1f} ms{seconds / SECONDS:9.4f}"
            f"{seconds / found[PEER]:9.2f}{seconds / found['emu']:9.2f}"
        )


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Time the emulation against PyTorch.")
    options.add_argument("--json", type=Path, metavar="FILE")
    output = options.parse_args().json
    print(f"{SECONDS} s of audio, median of {REPEATS - 2} runs, measured on this machine")
    print("model    what                    time      RTF  to peer   to emu")
    results = {name: times(name) for name in ("mlp", "paper")}
    for name, found in results.items():
        report(name, found)
    if output is not None:
        about = {"audio_seconds": SECONDS, "runs": REPEATS - 2, "seconds": results}
        output.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
