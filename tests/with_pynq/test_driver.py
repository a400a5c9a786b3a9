"""The driver on a virtual board: the emulation's bits, and every fault with its outcome."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import handoffs
import numpy as np
import pynq
import pytest
from click.testing import CliRunner
from client import BOARDS

from networks import random_model, random_spectrum
from nibblestream import Enhancer, boards, cycles, spec, virtual
from nibblestream.backends.virtual import Virtual
from nibblestream.cli import main
from nibblestream.driver.board import Board
from nibblestream.driver.fault import BoardError
from nibblestream.driver.hardware import Hardware
from nibblestream.driver.kernel import Kernel
from nibblestream.driver.lock import BoardLock
from nibblestream.pipeline import Pipeline
from nibblestream.traffic import LedgerError, Traffic, stream_bytes
from nibblestream.virtual import faults


@pytest.fixture
def drive(switch_on, model):
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


# --- faults and their outcomes --------------------------------------------------------------------

RECOVERS = None
OUTCOMES = {
    "spectra stall": (faults.Stall(stream="spectrum", after=5), RECOVERS),
    "codes stall": (faults.Stall(stream="codes", after=100), RECOVERS),
    "magnitudes stall": (faults.Stall(stream="magnitude", after=50), RECOVERS),
    "phases stall": (faults.Stall(stream="polar", after=50), RECOVERS),
    "network stalls": (faults.Stall(stream="network", after=9), RECOVERS),
    "output stalls": (faults.Stall(stream="enhanced", after=9), RECOVERS),
    "output stalls for good": (
        faults.Stall(times=None, stream="enhanced", after=9),
        r"not done within 0\.\d+ s: cordic_rotation has not given all .*S2MM_DMASR 0x0",
    ),
    "codes stall for good": (
        faults.Stall(times=None, stream="codes", after=9),
        r"lut_mac has not taken all codes",
    ),
    "spectra stall for good": (
        faults.Stall(times=None, stream="spectrum", after=9),
        r"cordic_vectoring has not taken all spectra",
    ),
    "short packet": (faults.ShortPacket(beats=7), RECOVERS),
    "short packets": (
        faults.ShortPacket(times=None, beats=7),
        r"packet of enhanced spectra had 56 bytes; expected 3096 .*S2MM_LENGTH 0x00000038",
    ),
    "overrun": (faults.Overrun(), RECOVERS),
    "overruns": (faults.Overrun(times=None), r"dma_spectra: DMA internal error .*packet longer"),
    "no TLAST": (faults.NoLast(), RECOVERS),
    "never TLAST": (faults.NoLast(times=None), r"cordic_rotation has not given all"),
    "decode error": (faults.DmaError(dma="dma_codes", kind="decode"), RECOVERS),
    "decode errors": (
        faults.DmaError(times=None, dma="dma_codes", kind="decode"),
        r"dma_codes: DMA decode error .*MM2S_DMASR 0x0000[45]0[46]1",
    ),
    "slave error": (faults.DmaError(dma="dma_spectra", kind="slave"), RECOVERS),
    "slave errors": (
        faults.DmaError(times=None, dma="dma_spectra", kind="slave"),
        r"dma_spectra: DMA slave error",
    ),
    "internal errors": (
        faults.DmaError(times=None, channel="s2mm", kind="internal"),
        r"dma_spectra: DMA internal error",
    ),
    "a kernel that hangs": (faults.NeverDone(kernel="lut_mac"), RECOVERS),
    "a kernel that always hangs": (
        faults.NeverDone(times=None, kernel="cordic_vectoring"),
        r"not done within .*cordic_vectoring CTRL 0x00000001",
    ),
    "a bit of the codes": (faults.FlipBit(dma="dma_codes", bit=9999), RECOVERS),
    "bits of the codes": (
        faults.FlipBit(times=None, dma="dma_codes", bit=9999),
        r"the codes that arrived were not those of the model: digest 0x\w+, expected",
    ),
    "a bit of the header": (
        faults.FlipBit(times=None, dma="dma_codes", bit=0),
        r"the codes that arrived were refused by lut_mac: digest 0x0",
    ),
    "a bit of the spectra": (faults.FlipBit(dma="dma_spectra", bit=77), RECOVERS),
    "bits of the spectra": (
        faults.FlipBit(times=None, dma="dma_spectra", bit=77),
        r"spectra on their way to cordic_vectoring were damaged",
    ),
    "bits of the output": (
        faults.FlipBit(times=None, dma="dma_spectra", channel="s2mm", bit=77),
        r"enhanced spectra on their way from cordic_rotation were damaged",
    ),
    "a miscount": (faults.Miscount(slot=0, bytes=-4096), RECOVERS),
    "codes miscounted": (
        faults.Miscount(times=None, slot=0, bytes=-1),
        r"codes read: the model says \d+ bytes, the hardware \d+, which ends in layer 2",
    ),
    "output miscounted": (
        faults.Miscount(times=None, slot=2, bytes=8),
        r"spectra written: the model says 3096 bytes, the hardware 3104",
    ),
}


@pytest.mark.parametrize("what", OUTCOMES)
def test_a_fault_and_its_outcome(drive, spectrum, expected, what):
    """Within its deadline, with its cause, and without harm to the next call."""
    fault, cause = OUTCOMES[what]
    device, board = drive(fault)
    before = device.timeline.now
    if cause is RECOVERS:
        np.testing.assert_array_equal(board.run(spectrum, 0, True), expected)
    else:
        with pytest.raises((BoardError, LedgerError), match=cause):
            board.run(spectrum, 0, True)
    assert device.timeline.now - before < 0.7  # two deadlines of a quarter of a second, and work
    device.faults.clear()
    np.testing.assert_array_equal(board.run(spectrum, 0, True), expected)
    np.testing.assert_array_equal(board.run(spectrum, 0, True), expected)
    assert board.counted.dma == board.counted.hardware


@pytest.mark.parametrize("what", ["codes stall", "bits of the codes", "short packets", "overruns"])
def test_a_fault_in_the_middle_leaves_the_state_alone(drive, model, rng, what):
    spectrum = random_spectrum(rng, 60)
    device, board = drive()
    parts = [board.run(spectrum[:20], 0, True)]
    fault, cause = OUTCOMES[what]
    device.faults.add(fault)
    if cause:
        with pytest.raises(BoardError):
            board.run(spectrum[20:40], 1, False)
        device.faults.clear()
    parts += [board.run(spectrum[20:40], 1, False), board.run(spectrum[40:], 0, False)]
    np.testing.assert_array_equal(np.concatenate(parts), Pipeline(model).process(spectrum))


def test_an_interrupt_leaves_a_board_that_works(drive, spectrum, expected, monkeypatch):
    _, board = drive()

    def interrupt(kernel):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Kernel, "begin", interrupt)
        with pytest.raises(KeyboardInterrupt):
            board.run(spectrum, 0, True)
    np.testing.assert_array_equal(board.run(spectrum, 0, True), expected)


# --- before the first block -----------------------------------------------------------------------

REFUSED = {
    "another version": (
        faults.WrongIdentity(value=0x4E42_0001),
        rf"lut_mac says it is 0x4e420001, but this package drives {spec.IDENTITY:#010x}",
    ),
    "no answer": (faults.NeverDone(kernel="cordic_rotation"), r"cordic_rotation does not answer"),
    "no memory": (faults.AllocationFailure(), r"no [\d,]+ bytes of contiguous memory are left"),
    "a clock too fast": (faults.WrongClock(mhz=1000.0), r"clock runs at .* MHz, but .* built for"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_board_that_cannot_be_used_is_refused(switch_on, model, what):
    fault, cause = REFUSED[what]
    device = switch_on(fault)
    with pytest.raises(BoardError, match=cause):
        Board(model, device.bitstream)
    device.faults.clear()
    Board(model, device.bitstream).close()  # nothing was left allocated or locked


def test_a_slow_clock_is_told(switch_on, model, spectrum, expected):
    device = switch_on(faults.WrongClock(mhz=50.0))
    with pytest.warns(UserWarning, match="clock runs at .* right, but slow"):
        board = Board(model, device.bitstream)
    np.testing.assert_array_equal(board.run(spectrum, 0, True), expected)
    board.close()


def test_an_overlay_of_another_design_is_refused(switch_on, model, tmp_path):
    device = switch_on()
    text = device.bitstream.with_suffix(".hwh").read_text()
    narrow = tmp_path / "narrow.hwh"
    narrow.write_text(text.replace('VALUE="26"', 'VALUE="14"'))
    narrow_dma = pytest.raises(
        BoardError, match=r"dma_spectra counts bytes in 14 bits; expected 26"
    )
    with virtual.board(BOARDS[0], narrow) as other, narrow_dma:
        Board(model, other.bitstream)


def test_a_bitstream_without_its_handoff_is_refused(switch_on, model, tmp_path, monkeypatch):
    device = switch_on()
    alone = tmp_path / "alone.bit"
    alone.write_bytes(device.bitstream.read_bytes())
    monkeypatch.setenv("NIBBLESTREAM_OVERLAY", str(alone))
    with pytest.raises(BoardError, match=r"alone\.hwh: no such hardware handoff"):
        Board(model)


def test_a_laptop_is_told_that_it_is_no_board(model, monkeypatch):
    monkeypatch.delenv("BOARD", raising=False)
    with pytest.raises(BoardError, match=r"\$BOARD is not set; expected one of Pynq-Z1"):
        Board(model)
    monkeypatch.setenv("BOARD", "Pynq-Z9")
    with pytest.raises(BoardError, match="no board is called 'Pynq-Z9'"):
        Board(model)


def test_a_board_without_a_bitstream_is_told_how_to_get_one(switch_on, model):
    switch_on()
    with pytest.raises(BoardError, match=r"no such bitstream; build both with `make overlay BOARD"):
        Board(model)


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
    with pytest.raises(BoardError, match=r"pynq 4\.0\.0 has given up Pynq-Z2 .*'pynq<4'"):
        Virtual(model)


def test_another_process_holds_a_board_until_it_ends(tmp_path):
    program = (
        "import sys; from nibblestream.driver.lock import BoardLock; "
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
    with pytest.raises(BoardError, match="another overlay was loaded meanwhile"):
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
        device = enhancer._pipeline._backend.device
        stream = enhancer.stream()
        stream.process(rng.normal(0, 0.1, 3000))
        device.faults.add(faults.Stall(times=None, stream="codes"))
        with pytest.raises(BoardError):
            stream.process(rng.normal(0, 0.1, 3000))
        device.faults.clear()
        with pytest.raises(RuntimeError, match="a block of it failed: start another"):
            stream.process(rng.normal(0, 0.1, 3000))
        noisy = rng.normal(0, 0.1, 3000)
        with Enhancer(model) as emulated:
            np.testing.assert_array_equal(
                enhancer.enhance(noisy, 8000), emulated.enhance(noisy, 8000)
            )


# --- the traps of notes on pynq that a driver has to close ----------------------------------------


def test_any_array_may_be_given(drive, spectrum, expected):
    """Transposed views, other buffers and their copies: what is sent is always our own buffer."""
    device, board = drive()
    turned = np.asfortranarray(spectrum)
    assert not turned.flags.c_contiguous
    np.testing.assert_array_equal(board.run(turned, 0, True), expected)
    other = pynq.allocate(spectrum.shape, "i4", target=device)
    other[:] = spectrum
    np.testing.assert_array_equal(board.run(other.copy(), 0, True), expected)
    np.testing.assert_array_equal(board.run(other + 0, 0, True), expected)
    other.freebuffer()
    assert device.violations == []


def test_a_buffer_beyond_the_dmas_addresses_is_refused(switch_on, model, monkeypatch):
    """The upper half of its address would be lost, and other memory written."""
    device = switch_on()
    allocate = pynq.allocate

    def high(*arguments, **options):
        buffer = allocate(*arguments, **options)
        buffer.device_address += 0x8_0000_0000
        return buffer

    monkeypatch.setattr(pynq, "allocate", high)
    with pytest.raises(BoardError, match=r"up to address 0x8\w+, but the DMAs reach 0x[28]0000000"):
        Board(model, device.bitstream)
    assert device.memory.mem_used == 0


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"dma_codes": {"c_include_sg": 1}}, "dma_codes works by descriptors"),
        ({"dma_spectra": {"c_sg_length_width": 14}}, "dma_spectra counts bytes in 14 bits"),
        ({"without": ("lut_mac", "bank")}, "lut_mac has no register bank; the handoff names"),
    ],
)
def test_a_handoff_of_another_design_is_refused(
    switch_on, model, spectrum, tmp_path, change, cause
):
    device = switch_on()
    other = tmp_path / "other.bit"
    other.write_bytes(device.bitstream.read_bytes())
    handoffs.write(tmp_path, BOARDS[0], **change).replace(other.with_suffix(".hwh"))
    with pytest.raises(BoardError, match=cause):
        Board(model, other).run(spectrum, 0, True)


def test_a_given_bitstream_needs_its_handoff_too(switch_on, model, tmp_path):
    switch_on()
    (tmp_path / "given.bit").write_bytes(b"")
    with pytest.raises(BoardError, match=r"given\.hwh: no such hardware handoff"):
        Board(model, tmp_path / "given.bit")


def test_a_clock_that_dividers_can_mend_is_set(switch_on, model, spectrum, expected, recwarn):
    """The handoff tells pynq dividers, but not which PLL this board has."""
    device = switch_on(faults.WrongClock(times=1, mhz=500.0))
    board = Board(model, device.bitstream)
    assert device.clocks.hertz() <= boards.find(BOARDS[0]).clock_mhz * 1.002e6
    np.testing.assert_array_equal(board.run(spectrum, 0, True), expected)
    board.close()


# --- the ledger -----------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [4, 8, (4, 8)])
def test_the_ledger_agrees_to_the_byte(drive, rng, bits):
    scheme = ("rs-vbs", "u") if bits == (4, 8) else "u" if bits == 8 else "rs-vbs"
    model = random_model(rng, (40,), scheme=scheme, bits=bits)
    _, board = drive(model=model)
    enhance(board, random_spectrum(rng, 70))
    layers = cycles.layers_of(model)
    expected = {"codes read": 3 * stream_bytes(layers)}
    expected |= dict.fromkeys(("spectra read", "spectra written"), 70 * 129 * 8)
    assert board.counted.dma == board.counted.hardware == expected
    text = str(Traffic(layers, 70, 3, board.counted))
    assert f"{expected['codes read']:,}" in text
    assert "reconciled to the byte" in text
