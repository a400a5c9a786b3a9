"""The board's time: what is counted, what the cycle model says, and who waited for whom."""

from __future__ import annotations

import numpy as np
import pytest
from client import BOARDS

from nibblestream import spec
from nibblestream.backends import virtual
from nibblestream.hardware import cycles, traffic

EVERYTHING_FAST = virtual.Timing(
    access=1e-9, sync=1e-9, latency=0, read_share=1, write_share=1, bandwidth=1e12
)


def poll_forever(client):
    while True:
        client.status()


def run(client, spectrum):
    before = client.device.timeline.ledger()
    client.block(spectrum)
    return client.device.timeline.ledger() - before


@pytest.mark.parametrize("frames", [1, 9, 32])
@pytest.mark.parametrize("name", BOARDS)
def test_a_block_takes_the_clocks_of_the_cycle_model(connect, model, frames, name):
    client = connect(name=name, timing=EVERYTHING_FAST)
    spectrum = np.ones((frames, spec.BINS, 2), np.int32)
    spent = run(client, spectrum)
    block = cycles.Block(traffic.layers_of(model), frames)
    assert spent.kernel * client.device.clocks.hertz() == pytest.approx(block.cycles, rel=1e-3)
    assert spent.dma < 0.03 * spent.kernel
    assert spent.python < 0.01 * spent.kernel


def test_python_pays_for_every_access_and_sync(connect, spectrum):
    client = connect()
    spent = run(client, spectrum)
    assert spent.elapsed == pytest.approx(spent.accesses * 30e-6 + spent.syncs * 30e-6)
    assert spent.syncs == 3
    assert spent.python + spent.dma + spent.kernel == pytest.approx(spent.elapsed)
    assert spent.python > spent.kernel > 0


def test_a_poll_advances_the_board_by_what_it_costs(connect, model, spectrum):
    client = connect(timing=virtual.Timing(access=2e-6))
    client.begin(spectrum)
    polls = 1
    while not client.status() & 2:
        polls += 1
    block = cycles.Block(traffic.layers_of(model), len(spectrum))
    seconds = block.cycles / client.device.clocks.hertz()
    assert polls == pytest.approx(seconds / 2e-6, abs=4)


def test_a_slow_memory_is_what_the_block_waits_for(connect, spectrum):
    fast = run(connect(), spectrum)
    slow = connect(timing=virtual.Timing(bandwidth=50e6))
    spent = run(slow, spectrum)
    seconds = slow.codes.nbytes / 50e6
    assert spent.dma + spent.kernel > seconds
    assert spent.dma > 0.5 * seconds
    assert spent.kernel == pytest.approx(fast.kernel, rel=1e-6)
    assert fast.dma < 0.1 * spent.dma


def test_latency_is_in_every_transfer(connect, spectrum):
    near, far = (
        run(connect(timing=virtual.Timing(access=1e-7, latency=latency)), spectrum)
        for latency in (0, 50e-6)
    )
    # of the first beats of the codes, programmed last, and of the last beat of the enhanced
    assert far.dma - near.dma == pytest.approx(100e-6, abs=2e-6)


def test_a_stalled_block_is_time_of_the_host(connect, spectrum):
    client = connect(virtual.faults.Stall(stream="network"))
    before = client.device.timeline.ledger()
    client.begin(spectrum)
    client.later(1)
    spent = client.device.timeline.ledger() - before
    assert spent.python == pytest.approx(spent.elapsed)


def test_a_block_that_a_reset_ended_is_time_of_the_host(connect, spectrum):
    client = connect(timing=virtual.Timing(access=1e-6))
    before = client.device.timeline.ledger()
    client.begin(spectrum)
    client.recover()
    client.later()
    spent = client.device.timeline.ledger() - before
    assert spent.kernel == spent.dma == 0


def test_what_a_fault_cost_is_not_booked_on_the_next_block(connect, spectrum):
    clean = run(connect(timing=EVERYTHING_FAST), spectrum)
    beats = len(spectrum) * spec.BINS
    stall = virtual.faults.Stall(stream="network", after=beats - 1)  # lut_mac has done its work
    client = connect(stall, timing=virtual.Timing(bandwidth=30e6))
    client.begin(spectrum)
    client.later()
    client.recover()
    assert run(client, spectrum).kernel == pytest.approx(clean.kernel, rel=0.01)


def test_the_codes_are_sent_when_the_last_layer_has_them(connect, model, spectrum):
    client = connect(timing=EVERYTHING_FAST)
    client.begin(spectrum)
    start = client.device.timeline.now
    while not client.status("dma_codes", "mm2s") & 2:
        pass
    clocks = (client.device.timeline.now - start) * client.device.clocks.hertz()
    loops = cycles.Block(traffic.layers_of(model), len(spectrum)).loops
    assert loops[-1].label == "SEND"
    start_up = cycles.PIPELINE_DEPTH  # the kernels were started a moment before
    assert clocks == pytest.approx(start_up + sum(loop.cycles for loop in loops[:-1]), abs=5)


def test_data_is_in_memory_only_when_the_dma_says_so(connect, spectrum, expected):
    client = connect(timing=virtual.Timing(access=2e-6))
    client.begin(spectrum)
    while not client.status() & 2:
        assert not client.device.memory.fetch(client.clean.physical_address, 8).any()
    client.clean.invalidate()
    np.testing.assert_array_equal(client.clean[:3], expected)


def test_time_passes_only_on_the_board(switch_on):
    device = switch_on()
    start = device.timeline.monotonic()
    device.timeline.sleep(3600)
    assert device.timeline.monotonic() - start == 3600


def test_patience_ends_only_when_nothing_is_under_way(connect, spectrum):
    client = connect(timing=virtual.Timing(bandwidth=1e4, patience=0.1))
    client.begin(spectrum)
    client.wait()  # for longer than that
    assert client.device.timeline.now > 0.5
    client.later(0.5)  # idle, but not polling
    for _ in range(4000):  # nor when it writes now and then
        client.status()
        client.status()
        client.spectra.write(0x34, 0)
    with pytest.raises(virtual.HungError):
        poll_forever(client)
