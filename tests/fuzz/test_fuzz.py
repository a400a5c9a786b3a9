"""Inputs that were findings once, and a few thousand mutations with a fixed seed."""

from __future__ import annotations

from importlib import import_module
from random import Random

import pytest
from campaign import TARGETS
from trial import CORPUS, accepted, corpus, target

INPUTS = 150  # of each target


@pytest.mark.parametrize("name", [folder.name for folder in sorted(CORPUS.iterdir())])
def test_findings_stay_mended(name: str) -> None:
    tested, found = target(import_module(name)), corpus(name)
    assert found
    for data in found:
        accepted(tested, data)


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.usefixtures("kernel_cache")
def test_mutations_are_accepted_or_refused(name: str) -> None:
    tested, rng = target(import_module(name)), Random(1)
    pool = tested.seeds()
    assert all(accepted(tested, data) for data in pool)
    refused = 0
    for _ in range(INPUTS):
        data = tested.mutate(rng.choice(pool), rng)
        if accepted(tested, data):
            pool.append(data)
        else:
            refused += 1
    assert refused
