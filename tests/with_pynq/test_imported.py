"""The widest layers on a virtual board, from a PyTorch module on."""

from __future__ import annotations

import numpy as np
import pytest

from networks import random_spectrum
from nibblestream import quantize
from nibblestream.speech.front import Speech
from nibblestream.speech.pipeline import Pipeline

torch = pytest.importorskip("torch", reason="no PyTorch in this venv: .venv has it")
nn = torch.nn


def test_layers_2048_wide(drive, rng):
    from nibblestream.importing import from_torch

    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Linear(1032, 2048), nn.ReLU(), nn.Linear(2048, 2048), nn.ReLU(), nn.Linear(2048, 129)
    )
    model = quantize(from_torch(module, front=Speech("log2", "gain")))
    assert [layer.shape for layer in model.layers] == [(2048, 1032), (2048, 2048), (129, 2048)]
    device, board = drive(model=model)
    assert board.block == 16
    spectrum = random_spectrum(rng, 17)
    parts = [board.run(spectrum[:16], 0, True), board.run(spectrum[16:], 1, False)]
    np.testing.assert_array_equal(np.concatenate(parts), Pipeline(model).process(spectrum))
    assert device.violations == []
