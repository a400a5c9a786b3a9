"""The compiled kernels beside the emulation, and sources of them to break."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from nibblestream.backends.csim import CSimulation
from nibblestream.hardware import sources
from nibblestream.speech.pipeline import Pipeline

ROOT = Path(__file__).resolve().parents[1]


def in_blocks(model, spectrum, cuts=()):
    simulation = CSimulation(model)
    parts = [simulation.process(part) for part in np.split(spectrum, cuts)]
    return np.concatenate(parts)


def assert_same(model, spectrum, cuts=()):
    np.testing.assert_array_equal(
        in_blocks(model, spectrum, cuts), Pipeline(model).process(spectrum)
    )


def copy_of_sources(tmp_path, monkeypatch) -> Path:
    tree = tmp_path / "hls"
    shutil.copytree(sources.find("hls"), tree)
    monkeypatch.setattr(sources, "find", lambda name: tree)
    monkeypatch.setenv("CXXFLAGS", "-O1")
    return tree
