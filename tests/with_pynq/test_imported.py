"""The widest layers on a virtual board, from a PyTorch module on."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from networks import random_spectrum
from nibblestream import quantize
from nibblestream.importing import from_torch
from nibblestream.pipeline import Pipeline


def test_layers_2048_wide(drive, rng):
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Linear(1032, 2048), nn.ReLU(), nn.Linear(2048, 2048), nn.Linear(2048, 129)
    )
    model = quantize(from_torch(module, features="log2", head="gain"))
    assert [layer.shape for layer in model.layers] == [(2048, 1032), (2048, 2048), (129, 2048)]
    device, board = drive(model=model)
    assert board.block == 16
    spectrum = random_spectrum(rng, 17)
    parts = [board.run(spectrum[:16], 0, True), board.run(spectrum[16:], 1, False)]
    np.testing.assert_array_equal(np.concatenate(parts), Pipeline(model).process(spectrum))
    assert device.violations == []
