"""Files of networks without speech: every field comes back, to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from networks import ACTIVATIONS, plain
from nibblestream import QuantizedModel, quantize
from nibblestream.network.float_model import FloatModel
from nibblestream.network.front import Plain
from nibblestream.network.lutmac import Network

pytestmark = pytest.mark.numeric


@pytest.mark.parametrize("calibrated", [True, False])
def test_models_come_back(rng: np.random.Generator, tmp_path: Path, calibrated: bool) -> None:
    widths = (5, *range(3, 3 + len(ACTIVATIONS)))
    model = plain(rng, widths, ACTIVATIONS, scale=2.0**7, front=Plain([1.0, 2.0, 1e4, 3.0, 1e-3]))
    model.save(tmp_path / "float.npz")
    loaded = FloatModel.load(tmp_path / "float.npz")
    x = rng.uniform(-1, 1, (40, 5)) * model.front.bounds(5)
    assert loaded.digest == model.digest
    assert loaded.activations == ACTIVATIONS
    assert (loaded.front, loaded.scaled) == (model.front, True)
    assert np.array_equal(loaded(x), model(x))
    done = quantize(model, "kmeans", calibration=x if calibrated else None)
    done.save(tmp_path / "codes.npz")
    again = QuantizedModel.load(tmp_path / "codes.npz")
    assert (again.digest, again.origin, again.front) == (done.digest, model.digest, done.front)
    assert again.front.exponents
    for ours, theirs in zip(done.layers, again.layers, strict=True):
        for name in ("activation", "exponent", "bias_format", "saturated", "output_format", "k"):
            assert getattr(ours, name) == getattr(theirs, name)
    assert any(layer.exponent for layer in again.layers)
    integers = done.front.integers(x)
    assert np.array_equal(Network(again).process(integers), Network(done).process(integers))


@pytest.mark.parametrize("change", ["scaled", "activations", "front"])
def test_every_field_is_in_the_digest(rng: np.random.Generator, change: str) -> None:
    from dataclasses import replace

    model = plain(rng, (3, 2), ACTIVATIONS[2:3])
    other = {"scaled": False, "activations": ACTIVATIONS[3:4], "front": Plain(4)}[change]
    assert replace(model, **{change: other}).digest != model.digest
