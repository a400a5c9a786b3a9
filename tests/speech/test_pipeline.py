"""The integer pipeline: against the slow oracle bit for bit, against float by its closeness."""

import numpy as np
import pytest

from networks import float_twin, random_model, random_spectrum, remembering
from nibblestream import Enhancer, QuantizedModel, quantize
from nibblestream.evaluate.metrics import si_sdr, stoi
from nibblestream.evaluate.mixtures import mixtures
from nibblestream.speech.pipeline import Pipeline
from slow_integers import pipeline

pytestmark = pytest.mark.numeric

SHAPES = [
    {"features": "log2", "head": "gain", "hidden": (5,)},
    {"features": "log2", "head": "magnitude", "hidden": (3, 4)},
    {"features": "magnitude", "head": "magnitude", "hidden": (5,)},
    {"features": "magnitude", "head": "gain", "hidden": (3, 2, 3)},
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scheme", [{"scheme": "rs-vbs", "bits": 4}, {"scheme": "u", "bits": 8}])
def test_equals_the_oracle(rng, shape, scheme):
    model = random_model(rng, **shape, **scheme)
    spectrum = random_spectrum(rng, 9)
    result = Pipeline(model).process(spectrum)
    assert result.dtype == np.int32
    assert result.tolist() == [[list(b) for b in f] for f in pipeline(model, spectrum.tolist())]


@pytest.mark.parametrize(
    "kind",
    [{}, {"context": 8}, {"features": "magnitude", "head": "magnitude"}, {"window": 128}],
)
def test_memories_equal_the_oracle(rng, kind):
    model = quantize(remembering(rng, (3, 2), **kind))
    spectrum = random_spectrum(rng, 9)
    result = Pipeline(model).process(spectrum)
    assert result.tolist() == [[list(b) for b in f] for f in pipeline(model, spectrum.tolist())]


@pytest.mark.parametrize("bits", [2, 3, 4])
@pytest.mark.parametrize("scheme", ["u", "u-vbs", "rs", "rs-vbs"])
def test_every_scheme_equals_the_oracle(rng, scheme, bits):
    model = random_model(rng, (3,), scheme=scheme, bits=bits)
    spectrum = random_spectrum(rng, 3)
    result = Pipeline(model).process(spectrum)
    assert result.tolist() == [[list(b) for b in f] for f in pipeline(model, spectrum.tolist())]


@pytest.mark.parametrize("features", ["log2", "magnitude"])
@pytest.mark.parametrize("kind", ["stacked", "remembering"])
def test_blocks_do_not_matter_and_reset_forgets(rng, kind, features):
    made = random_model if kind == "stacked" else lambda *a, **k: quantize(remembering(*a, **k))
    emulation = Pipeline(made(rng, features=features))
    spectrum = random_spectrum(rng, 60)
    whole = emulation.process(spectrum)
    emulation.reset()
    cuts = np.sort(rng.integers(0, 60, 12))
    parts = [emulation.process(part) for part in np.split(spectrum, cuts)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert (emulation.process(spectrum) != whole).any()  # without reset the past counts


def test_silence_is_silence(rng):
    silence = np.zeros((20, 129, 2), np.int32)
    assert not Pipeline(random_model(rng)).process(silence).any()


@pytest.mark.parametrize("name", ["mlp", "paper"])
def test_close_to_float_at_every_level(shared_data, name):
    """SI-SDR of integer against float pipeline, same weights: 40 dB; mean STOI within 0.001."""
    clips = mixtures(shared_data / "speech" / "val", shared_data / "noise" / "val", count=12)
    model = QuantizedModel.load(name)
    levels = np.linspace(-50, 0, len(clips))
    closeness, differences = [], []
    with Enhancer(model) as integer, Enhancer(float_twin(model)) as exact:
        for mixture, level in zip(clips, levels, strict=True):
            clean, noisy = mixture.realise()
            noisy = noisy * 10 ** (level / 20) / np.abs(noisy).max()
            a, b = integer.enhance(noisy, 8000), exact.enhance(noisy, 8000)
            closeness.append(si_sdr(b, a))
            differences.append(stoi(clean, a) - stoi(clean, b))
    assert np.mean(closeness) >= 40
    assert min(closeness) >= 30
    assert abs(np.mean(differences)) < 0.001
