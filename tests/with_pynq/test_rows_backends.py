"""Two hundred random networks: the same bits from the emulation, the compiled kernels, a board."""

from __future__ import annotations

from collections import Counter
from contextlib import closing

import numpy as np
import pytest

from nibblestream import spec
from nibblestream.backends import connect
from plain_networks import CELLS, random_plain, random_rows

NETWORKS = 200


@pytest.mark.slow
def test_all_backends_give_the_same_bits():
    seen: Counter[object] = Counter()
    for number in range(NETWORKS):
        rng = np.random.default_rng(number)
        model = random_plain(rng, widest=spec.MAX_WIDTH if number % 10 == 0 else 300)
        rows = random_rows(rng, model, int(rng.integers(1, 41)))
        results = []
        for name in ("emu", "csim", "virtual"):
            with closing(connect(name, model)) as backend:
                results.append(backend.process(rows))
        for other in results[1:]:
            np.testing.assert_array_equal(other, results[0], f"network {number}")
        seen.update((layer.activation, layer.bits) for layer in model.layers)
        seen[len(model.layers)] += 1
    wanted = {(activation, bits) for activation in CELLS for bits in spec.CODE_BITS}
    assert seen.keys() >= wanted | {1, 2, 3, 4}
