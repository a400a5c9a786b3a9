"""What the tests on the virtual board share: a board, a small model, spectra."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

with warnings.catch_warnings():  # that this is no board, and of what pynq's own imports do
    warnings.simplefilter("ignore")
    import pynq  # noqa: F401

import handoffs
from client import BOARDS, Client

from networks import random_model, random_spectrum
from nibblestream import QuantizedModel
from nibblestream.backends import virtual
from nibblestream.backends.driver.board import Board
from nibblestream.speech.pipeline import Pipeline


@pytest.fixture
def model(rng: np.random.Generator) -> QuantizedModel:
    """A small 4-bit model."""
    return random_model(rng)


@pytest.fixture
def spectrum(rng: np.random.Generator) -> np.ndarray:
    """Three frames."""
    return random_spectrum(rng, 3)


@pytest.fixture
def expected(model: QuantizedModel, spectrum: np.ndarray) -> np.ndarray:
    """What the emulation makes of them."""
    return Pipeline(model).process(spectrum)


@pytest.fixture
def switch_on(tmp_path: Path) -> Iterator[Callable[..., virtual.VirtualDevice]]:
    """A function that switches a board on, with faults or with another handoff."""
    with ExitStack() as stack:

        def start(
            *faults: virtual.faults.Fault,
            name: str = BOARDS[0],
            timing: virtual.Timing | None = None,
            **handoff: Any,
        ) -> virtual.VirtualDevice:
            path = handoffs.write(tmp_path, name, **handoff)
            return stack.enter_context(virtual.board(name, path, faults=faults, timing=timing))

        yield start


@pytest.fixture
def connect(
    switch_on: Callable[..., virtual.VirtualDevice], model: QuantizedModel
) -> Callable[..., Client]:
    """A function that switches a board on and loads the overlay and the model."""
    return lambda *faults, **options: Client(switch_on(*faults, **options), model)


@pytest.fixture
def drive(
    switch_on: Callable[..., virtual.VirtualDevice], model: QuantizedModel
) -> Iterator[Callable[..., tuple[virtual.VirtualDevice, Board]]]:
    """A function that switches a board on and has the driver load the model."""
    boards = []

    def start(*injected, model=model, **options):
        device = switch_on(**options)
        boards.append(Board(model, device.bitstream))
        for fault in injected:  # after the driver's own checks
            device.faults.add(fault)
        return device, boards[-1]

    yield start
    for board in boards:
        board.close()
