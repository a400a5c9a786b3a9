"""The driver on a virtual board: the emulation's bits, and every fault with its outcome."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pynq
import pytest
from click.testing import CliRunner
from client import BOARDS

from networks import random_model, random_spectrum
from nibblestream import Enhancer
from nibblestream.backends.driver.board import Board
from nibblestream.backends.driver.fault import BoardError
from nibblestream.backends.driver.hardware import Hardware
from nibblestream.backends.driver.lock import BoardLock
from nibblestream.backends.virtual import faults
from nibblestream.backends.virtual.backend import Virtual
from nibblestream.cli import main
from nibblestream.hardware.traffic import Traffic, layers_of, stream_bytes
from nibblestream.speech.pipeline import Pipeline


def enhance(board, spectrum):
    """Run blocks as a backend does."""
    parts = []
    for i, at in enumerate(range(0, len(spectrum), board.block)):
        parts.append(board.run(spectrum[at : at + board.block], i % 2, i == 0))
    return np.concatenate(parts)


@pytest.mark.parametrize("name", BOARDS)
@pytest.mark.parametrize("kind", [{"bits": 4}, {"bits": 3}, {"scheme": "u", "bits": 8}])
def test_the_same_bits_as_the_emulation(drive, rng, name, kind):
    model, spectrum = random_model(rng, (21, 5), **kind), random_spectrum(rng, 71)
    device, board = drive(model=model, name=name)
    np.testing.assert_array_equal(enhance(board, spectrum), Pipeline(model).process(spectrum))
    assert device.violations == []


def test_a_real_recording_gives_the_emulations_file(shared_data, tmp_path):
    recording = sorted((shared_data / "speech" / "test").rglob("*.flac"))[0]
    for backend in ("emu", "virtual"):
        arguments = ["enhance", str(recording), "-o", str(tmp_path / f"{backend}.wav")]
        result = CliRunner().invoke(main, [*arguments, "--backend", backend])
        assert result.exit_code == 0, result.output
    assert (tmp_path / "emu.wav").read_bytes() == (tmp_path / "virtual.wav").read_bytes()


def test_a_block_takes_three_transfers_and_few_registers(drive, spectrum):
    """Python pays for each of them: a start is three kernels and three transfers."""
    device, board = drive()
    board.run(spectrum, 0, True)
    before = device.timeline.ledger()
    board.run(spectrum, 1, False)
    spent = device.timeline.ledger() - before
    assert spent.accesses <= 32
    assert spent.syncs == 3


# --- one board, one driver ------------------------------------------------------------------------


def test_a_second_driver_of_a_board_is_refused(drive, model, spectrum, expected):
    device, board = drive()
    with pytest.raises(BoardError, match="in use by another Enhancer"):
        Board(model, device.bitstream)
    np.testing.assert_array_equal(board.run(spectrum, 0, True), expected)
    board.close()
    second = Board(model, device.bitstream)
    np.testing.assert_array_equal(second.run(spectrum, 0, True), expected)
    second.close()


def test_two_virtual_boards_side_by_side_share_nothing(model, rng):
    spectrum = random_spectrum(rng, 20)
    first, second = Virtual(model), Virtual(model)
    parts = []
    for frame in np.split(spectrum, 20):
        parts.append(first.process(frame))
        second.process(frame[::-1] // 2)
    np.testing.assert_array_equal(np.concatenate(parts), Pipeline(model).process(spectrum))
    first.close()
    second.close()


def test_pynq_4_and_zynq_7000_do_not_go_together(model, monkeypatch):
    monkeypatch.setenv("BOARD", "Pynq-Z2")
    monkeypatch.setattr(pynq, "__version__", "4.0.0")
    refusal = r"pynq 4\.0\.0 no longer supports Zynq-7000, which Pynq-Z2 is: .*'pynq<4'"
    with pytest.raises(BoardError, match=refusal):
        Virtual(model)


def test_another_process_holds_a_board_until_it_ends(tmp_path):
    program = (
        "import sys; from nibblestream.backends.driver.lock import BoardLock; "
        "lock = BoardLock('some board'); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(BoardError, match="some board is in use"):
            BoardLock("some board")
        other.kill()
    BoardLock("some board").release()


def test_close_gives_all_memory_back(drive):
    device, board = drive()
    assert device.memory.mem_used > 0
    board.close()
    board.close()
    assert device.memory.mem_used == 0


def test_no_dma_writes_into_memory_that_was_given_back(drive, spectrum, monkeypatch):
    """An interrupt leaves transfers under way; close() ends them first."""
    device, board = drive()

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Hardware, "wait", interrupt)
    with pytest.raises(KeyboardInterrupt):
        board.run(spectrum, 0, True)
    board.close()
    device.timeline.sleep(1.0)
    assert device.violations == []


def test_a_closed_board_is_refused(drive, spectrum):
    _, board = drive()
    board.close()
    with pytest.raises(BoardError, match="this board was closed"):
        board.run(spectrum, 0, True)


def test_another_overlay_on_the_board_is_told(drive, spectrum):
    device, board = drive()
    pynq.Overlay(str(device.bitstream))
    with pytest.raises(BoardError, match="another overlay was loaded: close this board"):
        board.run(spectrum, 0, True)
    board.close()


def test_a_forked_child_leaves_the_board_alone(drive, spectrum, expected):
    _, board = drive()
    child = os.fork()
    if not child:
        board.close()
        try:
            board.run(spectrum, 0, True)
        except BoardError:
            os._exit(0)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    np.testing.assert_array_equal(board.run(spectrum, 0, True), expected)


def test_threads_take_turns(drive, model, spectrum, expected):
    _, board = drive()
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: board.run(spectrum, 0, True), range(8)))
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_opening_boards_in_threads_leaves_nothing_behind(model, monkeypatch):
    monkeypatch.delenv("BOARD", raising=False)
    with ThreadPoolExecutor(4) as pool:
        boards = list(pool.map(Virtual, [model] * 4))
    for board in boards:
        board.close()
    assert "BOARD" not in os.environ
    assert getattr(pynq.Device, "_active_device", None) is None
    assert not getattr(pynq.ps.Clocks, "device", None)


def test_a_stream_of_which_a_block_failed_has_ended(model, rng):
    """What came through of the chunk is not known, so nothing right could follow."""
    with Enhancer(model, "virtual") as enhancer:
        device = enhancer._pool._networks[0].backend.device
        stream = enhancer.stream()
        stream.process(rng.normal(0, 0.1, 3000))
        device.faults.add(faults.Stall(times=None, stream="codes"))
        with pytest.raises(BoardError):
            stream.process(rng.normal(0, 0.1, 3000))
        device.faults.clear()
        with pytest.raises(RuntimeError, match="a block failed: reset it, or start another"):
            stream.process(rng.normal(0, 0.1, 3000))
        noisy = rng.normal(0, 0.1, 3000)
        with Enhancer(model) as emulated:
            np.testing.assert_array_equal(
                enhancer.enhance(noisy, 8000), emulated.enhance(noisy, 8000)
            )


# --- the ledger -----------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [4, 8, (4, 8)])
def test_the_ledger_agrees_to_the_byte(drive, rng, bits):
    scheme = ("rs-vbs", "u") if bits == (4, 8) else "u" if bits == 8 else "rs-vbs"
    model = random_model(rng, (40,), scheme=scheme, bits=bits)
    _, board = drive(model=model)
    enhance(board, random_spectrum(rng, 70))
    layers = layers_of(model)
    expected = {"codes read": 3 * stream_bytes(layers)}
    expected |= dict.fromkeys(("spectra read", "spectra written"), 70 * 129 * 8)
    assert board.counted.dma == board.counted.hardware == expected
    text = str(Traffic(layers, 70, 3, board.counted))
    assert f"{expected['codes read']:,}" in text
    assert "reconciled to the byte" in text
