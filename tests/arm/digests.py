"""SHA-256 of what backends return for one set of recordings: lines that machines can compare.

python tests/arm/digests.py emu csim
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from nibblestream import Enhancer, QuantizedModel, quantize
from nibblestream.backends import connect
from nibblestream.network.float_model import FloatModel
from nibblestream.network.model import load_model
from nibblestream.sound import reading
from nibblestream.spec import SPECTRUM
from nibblestream.speech.stft import stft

RATES = (8000, 16_000)
SECONDS = 1
SCHEMES = ("u", "u-vbs", "rs", "rs-vbs", "rs-vbs-asym", "kmeans")
ROOT = Path(__file__).resolve().parents[2]
SPEECH = ROOT.parent / "shared" / "data" / "speech" / "test"


def signals(count: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield names and `count` samples of each signal; int16, so that no machine rounds them."""
    rng = np.random.default_rng(20240611)
    yield "noise", rng.integers(-8000, 8000, count).astype(np.int16)
    yield "silence", np.zeros(count, np.int16)
    yield "full scale", np.where(rng.integers(0, 2, count), 2**15 - 1, -(2**15)).astype(np.int16)
    yield "one step", rng.integers(-1, 2, count).astype(np.int16)
    bundled = ROOT / "host" / "nibblestream" / "demo" / "noisy.wav"
    for path in [bundled, *sorted(SPEECH.glob("*.flac"))[:2]]:
        samples, _ = reading.read(path)
        yield path.name, np.resize(np.round(samples.ravel() * 2**15), count).astype(np.int16)


def line(name: str, array: np.ndarray) -> str:
    """Return a line with the digest of an array's bytes."""
    return f"{hashlib.sha256(array.tobytes()).hexdigest()}  {name}"


def outputs() -> Iterator[str]:
    """Yield a line for each model, rate and signal, from samples to samples."""
    for model in ("default", "mlp", "paper"):
        with Enhancer(model) as enhancer:
            for rate in RATES:
                for name, noisy in signals(SECONDS * rate):
                    clean = enhancer.enhance(noisy, rate)
                    yield line(f"{model}, {rate} Hz, {name}", clean)


def integers(backend: str) -> Iterator[str]:
    """Yield a line for each model and signal: the enhanced spectrum before it becomes sound."""
    for name in ("default", "mlp", "paper"):
        model = QuantizedModel.load(name)
        for signal, noisy in signals(SECONDS * RATES[0]):
            spectrum = stft(noisy / 2**15, model.front.window)
            parts = np.stack([spectrum.real, spectrum.imag], axis=-1)
            network = connect(backend, model)
            enhanced = network.process(SPECTRUM.from_float(parts))
            network.close()
            yield line(f"{name}, spectrum, {signal}", enhanced)


def quantized() -> Iterator[str]:
    """Yield a line for the codes and tables that each scheme makes of a bundled network."""
    network = load_model("paper-float")
    assert isinstance(network, FloatModel)
    for scheme in SCHEMES:
        layers = quantize(network, scheme=scheme).layers
        yield line(f"{scheme}, codes", np.concatenate([layer.codes.ravel() for layer in layers]))
        yield line(f"{scheme}, levels", np.concatenate([layer.decoded.ravel() for layer in layers]))


if __name__ == "__main__":
    for backend in sys.argv[1:]:
        print("\n".join(integers(backend)), flush=True)
    print("\n".join([*outputs(), *quantized()]))
