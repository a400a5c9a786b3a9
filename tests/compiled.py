"""The compiled kernels beside the emulation, and sources of them to break."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import numpy as np

from nibblestream.backends.csim import CSimulation
from nibblestream.geometry import DEFAULT
from nibblestream.hardware import sources
from nibblestream.network.lutmac import Network
from nibblestream.speech.pipeline import Pipeline

ROOT = Path(__file__).resolve().parents[1]


def in_blocks(model, rows, cuts=(), geometry=DEFAULT):
    with closing(CSimulation(model, geometry)) as simulation:
        parts = [simulation.process(part) for part in np.split(rows, cuts)]
    return np.concatenate(parts)


def assert_same(model, rows, cuts=(), geometry=DEFAULT):
    """Rows are frames of a spectrum, or those of a network that is not for speech."""
    network = Network(model) if model.front.raw else Pipeline(model)
    np.testing.assert_array_equal(in_blocks(model, rows, cuts, geometry), network.process(rows))


def copy_of_sources(tmp_path, monkeypatch) -> Path:
    tree = tmp_path / "hls"
    shutil.copytree(sources.find("hls"), tree)
    monkeypatch.setattr(sources, "find", lambda name: tree)
    monkeypatch.setenv("CXXFLAGS", "-O1")
    return tree
