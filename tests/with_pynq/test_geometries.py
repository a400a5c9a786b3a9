"""The driver finds out which geometry the kernels have, and gives the same bits with any."""

from __future__ import annotations

import numpy as np
import pytest
from client import BOARDS

from networks import random_model, random_spectrum
from nibblestream import QuantizedModel
from nibblestream.backends import connect, virtual
from nibblestream.backends.driver.board import Board
from nibblestream.backends.driver.fault import BoardError
from nibblestream.geometry import Geometry
from nibblestream.hardware import boards
from nibblestream.hardware.handoff import handoff
from nibblestream.speech.pipeline import Pipeline

GEOMETRIES = ("32x8", "16x2-block8-kept0")


@pytest.mark.parametrize("board", [BOARDS[0], "KV260"])
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_the_same_bits_and_every_byte_counted(board, geometry, rng, kernel_cache, monkeypatch):
    monkeypatch.setenv("BOARD", board)
    model, spectrum = random_model(rng), random_spectrum(rng, 40)
    backend = connect("virtual", model, Geometry.parse(geometry))
    assert np.array_equal(backend.process(spectrum), Pipeline(model).process(spectrum))
    counted = backend.counted()
    assert counted.dma == counted.hardware
    assert not backend.device.violations
    backend.close()


def test_another_geometry_than_the_wanted_one_is_refused(rng, kernel_cache):
    found, wanted = Geometry.parse(GEOMETRIES[1]), Geometry.parse("16x8")
    board = boards.find(BOARDS[0])
    with virtual.board(board.name, handoff(board, found), geometry=found) as device:
        with pytest.raises(BoardError, match=rf"have the geometry {found}; expected {wanted}"):
            Board(random_model(rng), device.bitstream, wanted)
        Board(random_model(rng), device.bitstream, found).close()
        Board(random_model(rng), device.bitstream).close()


def test_two_ports_need_a_second_dma(rng, kernel_cache):
    board, geometry = boards.find(BOARDS[0]), Geometry.parse("32x8")
    refused = pytest.raises(ValueError, match="does not connect dma_codes_high")
    with virtual.board(board.name, handoff(board), geometry=geometry) as device, refused:
        Board(random_model(rng), device.bitstream)


def test_a_network_that_the_kernels_cannot_hold_is_refused(kernel_cache):
    model = QuantizedModel.load("mlp")
    board, geometry = boards.find(BOARDS[0]), Geometry.parse("16x8-depth64")
    with virtual.board(board.name, handoff(board, geometry), geometry=geometry) as device:
        with pytest.raises(ValueError, match="use one with deeper memories"):
            Board(model, device.bitstream)
        assert device.memory.mem_used == 0
