"""The picture of a unit with memory: its gate and candidates are those of the layer."""

import numpy as np
import pytest

from networks import remembering
from nibblestream import quantize, show
from nibblestream.network.lutmac import LutMac
from nibblestream.show.memory_picture import gates


def test_gates_lead_to_the_states_of_the_layer(rng, monkeypatch):
    model, noisy = quantize(remembering(rng, (6, 5)), "u", 8), rng.normal(0, 0.1, 4000)
    layer, inputs = model.layers[1], []
    call = LutMac.__call__
    monkeypatch.setattr(
        LutMac, "__call__", lambda self, x: inputs.append(call(self, x)) or inputs[-1]
    )
    forget, candidate = gates(model, noisy, 1, 4)
    monkeypatch.undo()
    assert forget.shape == candidate.shape == (1 + 4000 // 64,)
    given = LutMac(layer)(inputs[0])[:, 4] * layer.output_format.resolution
    state, shown = 0.0, []
    sums = inputs[0] @ layer.decoded[14] * 2.0**-layer.accumulator_frac
    gate = 1 / (1 + np.exp(-(sums + layer.bias_format.to_float(layer.bias[14]))))
    for f, c in zip(forget, candidate, strict=True):
        state += f * (c - state)
        shown.append(state)
    np.testing.assert_allclose(gate * shown, given, atol=5e-4)
    assert np.std(given) > 0.01


def test_a_layer_without_memory_is_refused(rng):
    with pytest.raises(ValueError, match="layer 0 has no memory"):
        show.memory_picture(quantize(remembering(rng, (3,))), rng.normal(0, 0.1, 1000), 0, 0)


def test_the_picture_is_drawn(rng):
    drawn = show.memory_picture(quantize(remembering(rng, (3,))), rng.normal(0, 0.1, 1000), 1, 2)
    assert drawn.data.startswith(b"\x89PNG")
