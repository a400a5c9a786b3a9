"""Live audio: the same bits however it is cut, no later than stated, and nothing shared."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from networks import network, random_model
from nibblestream import Enhancer
from nibblestream.enhance.stream import Stream
from nibblestream.speech.resampler import Resampler, resample

pytestmark = pytest.mark.numeric

RATES = [1000, 7999, 8000, 8001, 11025, 16000, 44100, 48000, 192_000]
PRIMES = [2, 3, 61, 67, 127, 131, 499]
CHUNKS = st.lists(st.one_of(st.integers(0, 700), st.sampled_from([0, 1, *PRIMES])), max_size=20)


@pytest.fixture(scope="module")
def enhancer():
    with Enhancer(random_model(np.random.default_rng(7))) as enhancer:
        yield enhancer


@pytest.fixture(scope="module")
def compiled(kernel_cache):
    with Enhancer(random_model(np.random.default_rng(7), (16,)), "csim") as enhancer:
        yield enhancer


@pytest.fixture
def noisy(rng):
    return rng.normal(0, 0.1, 8000) * np.repeat(rng.uniform(0, 1, 10), 800)


@pytest.fixture(scope="module")
def opened():
    """An Enhancer that lets everything through."""
    model = network(hidden=(16,))
    model = replace(
        model,
        weights=tuple(0 * w for w in model.weights),
        front=replace(model.front, gain_floor=1.0),
    )
    with Enhancer(model) as enhancer:
        yield enhancer


def run(stream, chunks):
    return np.concatenate([*(stream.process(chunk) for chunk in chunks), stream.flush()])


def cut(signal, size):
    return np.split(signal, range(size, len(signal), size))


# --- the same bits ---------------------------------------------------------------------------
@settings(deadline=None, max_examples=60)
@given(CHUNKS, st.integers(0, 2**32), st.sampled_from(RATES))
@example([1] * 20, 0, 8000)
@example([0, 127, 0, 1, 0], 0, 8000)
def test_any_chunks_equal_the_whole(enhancer, sizes, seed, rate):
    signal = np.random.default_rng(seed).normal(0, 0.1, sum(sizes) + 1)
    chunks = np.split(signal, np.cumsum(sizes))
    out = run(enhancer.stream(rate), chunks)
    np.testing.assert_array_equal(out, enhancer.enhance(signal, rate))


@settings(deadline=None, max_examples=10)
@given(CHUNKS, st.integers(0, 2**32))
def test_any_chunks_equal_the_whole_in_the_kernels(compiled, sizes, seed):
    signal = np.random.default_rng(seed).normal(0, 0.1, sum(sizes) + 1)
    out = run(compiled.stream(), np.split(signal, np.cumsum(sizes)))
    np.testing.assert_array_equal(out, compiled.enhance(signal, 8000))
    with Enhancer(compiled.model, "emu") as emulated:
        np.testing.assert_array_equal(out, emulated.enhance(signal, 8000))


@pytest.mark.parametrize("size", [1, *PRIMES])
def test_chunks_all_of_a_size(enhancer, noisy, size):
    signal = noisy[:3000]
    out = run(enhancer.stream(), cut(signal, size))
    np.testing.assert_array_equal(out, enhancer.enhance(signal, 8000))


def test_int16_as_microphones_give_it(enhancer, noisy):
    samples = np.round(noisy * 2**15).astype(np.int16)
    stream = enhancer.stream()
    out = [stream.process(samples[:5000]), stream.process(samples[5000:]), stream.flush()]
    assert {part.dtype for part in out} == {np.dtype(np.int16)}
    np.testing.assert_array_equal(np.concatenate(out), enhancer.enhance(samples, 8000))


@settings(deadline=None, max_examples=60)
@given(CHUNKS, st.integers(0, 2**32), st.sampled_from(RATES), st.booleans())
def test_resampling_in_pieces_is_resampling(sizes, seed, rate, up):
    rates = (8000, rate) if up else (rate, 8000)
    signal = np.random.default_rng(seed).normal(0, 1, sum(sizes) + 1)
    resampler = Resampler(*rates)
    out = run(resampler, np.split(signal, np.cumsum(sizes)))
    np.testing.assert_array_equal(out, resample(signal, *rates))


def test_what_a_network_makes_too_loud_is_clipped_before_the_last_filter():
    signal = sine(1, 0.5)
    louder = SimpleNamespace(
        begin=lambda: None, process=lambda spectrum: 4 * spectrum, end=lambda why: None, ended=""
    )
    out = run(Stream(louder, 16000, "narrow"), [signal])
    clipped = np.clip(4 * resample(signal, 16000, 8000), -1, 1)
    expected = resample(clipped, 8000, 16000).clip(-1, 1)
    np.testing.assert_allclose(out, expected, atol=1e-12)


def test_a_long_resampling_keeps_little(rng):
    resampler = Resampler(44100, 8000)
    for _ in range(100):
        resampler.process(rng.normal(0, 1, 353))
        assert len(resampler._inputs) < 441 + 110 + 353


# --- no later than stated --------------------------------------------------------------------
def test_the_latency_at_8_khz_is_16_ms(enhancer):
    assert enhancer.stream().latency == 128 == 0.016 * 8000
    assert enhancer.stream(48000).latency == pytest.approx(0.0185 * 48000, abs=6)


def test_each_sample_comes_with_the_127th_after_the_first_of_its_hop(enhancer, noisy):
    """Sample by sample: so a device that plays hop after hop is 128 samples late, always."""
    stream, came = enhancer.stream(), 0
    for n, sample in enumerate(noisy[:1000]):
        before = came
        came += len(stream.process([sample]))
        for out in range(before, came):
            assert n == out // 64 * 64 + 127
    assert came + len(stream.flush()) == 1000


@pytest.mark.parametrize("band", ["full", "narrow"])
@pytest.mark.parametrize("rate", RATES[:-1])
def test_no_more_is_kept_back_than_the_latency(enhancer, rng, rate, band):
    whole = {"full": enhancer, "narrow": Enhancer(enhancer.model, band="narrow")}[band]
    stream, came, most = whole.stream(rate), 0, 0
    signal = rng.normal(0, 0.1, rate // 8)
    for n, sample in enumerate(signal, 1):
        came += len(stream.process([sample]))
        most = max(most, n - came)
    assert most <= stream.latency - 1
    assert most >= 0.9 * (stream.latency - 1)  # it is no excuse either
    assert len(stream.flush()) == len(signal) - came < stream.latency


@pytest.mark.parametrize("at", [1280, 1281, 1343])
def test_what_a_sample_depends_on(opened, enhancer, noisy, at):
    """Of 128 samples from the first of its hop, the last counts; the one after does not."""
    hop = at // 64 * 64
    changed = noisy.copy()
    changed[hop + 128 :] *= -0.5
    same, other = (enhancer.enhance(signal, 8000)[: hop + 64] for signal in (noisy, changed))
    np.testing.assert_array_equal(same, other)
    impulse = np.zeros(4000)
    impulse[at] = 1.0
    out = run(opened.stream(), cut(impulse, 64))
    np.testing.assert_allclose(out, impulse, atol=1e-12)  # in its place: out lags in by none
    nudged = noisy.copy()
    nudged[hop + 126] += 0.5  # the very last has a weight of 0.0006 under its window
    assert (enhancer.enhance(nudged, 8000)[: hop + 64] != same).any()


def test_whole_hops_come_back_one_hop_later(enhancer, noisy):
    stream = enhancer.stream()
    sizes = [len(stream.process(hop)) for hop in cut(noisy[:640], 64)]
    assert sizes == [0, *[64] * 9]
    assert len(stream.flush()) == 64


# --- no clicks -------------------------------------------------------------------------------
def sharpest(signal):
    """The largest bend: a click of height h has one of h or more."""
    return np.abs(np.diff(signal, 2)).max()


def sine(seconds, level):
    return level * np.sin(2 * np.pi * 440 * np.arange(int(8000 * seconds)) / 8000)


@pytest.mark.parametrize("model", ["mlp", "paper"])
@pytest.mark.parametrize("size", [61, 64, 1000])
def test_no_clicks_at_the_start_nor_at_a_step_of_40_db(model, size):
    """The output bends no more than its input: a sine that starts at once, and its steps."""
    steps = np.repeat([1.0, 0.01, 1.0], 8000) * sine(3, 0.5)
    with Enhancer(model) as enhancer:
        out = run(enhancer.stream(), cut(steps, size))
    for part in (slice(0, 200), slice(200, 7700), slice(15800, 16300), slice(16300, None)):
        assert sharpest(out[part]) <= 1.1 * sharpest(steps[part])
    # After the fall only the window over the step rings; `paper` forgets the level in 8 frames.
    quiet = slice(8128 if model == "mlp" else 8064 + 8 * 64, 15800)
    assert sharpest(out[quiet]) <= 1.1 * sharpest(steps[quiet])


def test_no_clicks_where_chunks_meet(noisy):
    """A sine through an open and a closed gate: borders bend it no more than their insides."""
    signal = sine(1, 0.5) + 0.01 * noisy
    with Enhancer() as enhancer:
        out = run(enhancer.stream(), cut(signal, 61))
    bends = np.abs(np.diff(out, 2))[2000:]
    borders = bends[(np.arange(len(bends)) + 2000) % 61 < 2]
    assert borders.mean() == pytest.approx(bends.mean(), rel=0.05)


# --- state -----------------------------------------------------------------------------------
@pytest.mark.parametrize("backend", ["emu", "csim"])
def test_streams_side_by_side_share_nothing(noisy, backend, kernel_cache):
    model = random_model(np.random.default_rng(1), (16,))
    signals = [noisy, noisy[::-1], 0.1 * noisy]
    with Enhancer(model, backend) as enhancer, Enhancer(model, backend) as second:
        expected = [enhancer.enhance(signal, 8000) for signal in signals]
        streams = [enhancer.stream(), enhancer.stream(), second.stream()]
        parts = [[], [], []]
        for chunks in zip(*(cut(signal, 499) for signal in signals), strict=True):
            enhancer.enhance(noisy[:700], 8000)  # nor with a call in between
            for stream, chunk, out in zip(streams, chunks, parts, strict=True):
                out.append(stream.process(chunk))
        for stream, out, clean in zip(streams, parts, expected, strict=True):
            np.testing.assert_array_equal(np.concatenate([*out, stream.flush()]), clean)


def test_networks_are_used_again(noisy, monkeypatch):
    with Enhancer(random_model(np.random.default_rng(1), (16,))) as enhancer:
        for _ in range(3):
            enhancer.enhance(noisy, 8000)
            enhancer.stream().process(noisy)
            kept = enhancer.stream()
            kept.flush()
        with enhancer.stream(), enhancer.stream():
            enhancer.stream()
        assert len(enhancer._pool._networks) == 3


def test_a_board_runs_one_stream_at_a_time(noisy, monkeypatch):
    with Enhancer(random_model(np.random.default_rng(1), (16,))) as enhancer:
        monkeypatch.setattr(enhancer._pool._networks[0], "one_at_a_time", True)
        before = enhancer.stream()
        last = enhancer.stream()
        with pytest.raises(RuntimeError, match="a board runs one at a time"):
            before.process(noisy)
        last.process(noisy)
        clean = enhancer.enhance(noisy, 8000)
        with pytest.raises(RuntimeError, match="a board runs one at a time"):
            last.flush()
        before.reset()
        np.testing.assert_array_equal(run(before, [noisy]), clean)


def test_the_ledger_is_of_what_began_last(enhancer, noisy):
    first, second = enhancer.stream(), enhancer.stream()
    first.process(noisy)
    assert enhancer.traffic.frames == 0
    second.process(noisy[:640])
    assert enhancer.traffic.frames == 10
    second.reset()
    second.process(noisy[:64])
    assert enhancer.traffic.frames == 11
    enhancer.enhance(np.zeros((640, 2)), 8000)
    assert enhancer.traffic.frames == 2 * 11


@pytest.mark.parametrize("end", ["flush", "close", "process"])
def test_reset_begins_anew(enhancer, noisy, end):
    stream = enhancer.stream(11025)  # where a flush has a sample too many, cut by what is owed
    stream.process(noisy)
    getattr(stream, end)(*[noisy[:5]] * (end == "process"))
    assert stream.ended == (end != "process")
    stream.reset()
    assert not stream.ended
    np.testing.assert_array_equal(run(stream, [noisy]), enhancer.enhance(noisy, 11025))


def test_as_a_context_manager(enhancer, noisy):
    with enhancer.stream() as stream:
        stream.process(noisy)
    with pytest.raises(RuntimeError, match="closed"):
        stream.process(noisy)


def test_what_has_ended_says_so(noisy):
    with Enhancer(random_model(np.random.default_rng(1))) as enhancer:
        flushed = enhancer.stream()
        flushed.process(noisy[:200])
        flushed.flush()
        for call in (flushed.flush, lambda: flushed.process(noisy)):
            with pytest.raises(RuntimeError, match="flushed"):
                call()
        last = enhancer.stream()
    with pytest.raises(RuntimeError, match="its Enhancer was closed"):
        last.process(noisy)
    for call in (last.reset, enhancer.stream, lambda: enhancer.enhance(noisy, 8000)):
        with pytest.raises(RuntimeError, match="this Enhancer was closed"):
            call()
    enhancer.close()


def test_after_a_failure_only_a_reset_helps(noisy, monkeypatch):
    with Enhancer(random_model(np.random.default_rng(1))) as enhancer:
        stream = enhancer.stream()
        with monkeypatch.context() as patch:
            patch.setattr(enhancer._pool._networks[0].backend, "process", lambda spectrum: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                stream.process(noisy)
        with pytest.raises(RuntimeError, match="a block failed"):
            stream.flush()
        stream.reset()
        np.testing.assert_array_equal(run(stream, [noisy]), enhancer.enhance(noisy, 8000))


# --- what is refused -------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("chunk", "error", "message"),
    [
        (np.zeros((2, 2)), ValueError, "mono"),
        (np.float64(0), ValueError, "mono"),
        ([np.nan], ValueError, "NaN"),
        (["1"], TypeError, "dtype"),
        (np.zeros(3, np.int32), TypeError, "int32"),
    ],
)
def test_bad_chunks_are_refused_and_leave_no_trace(enhancer, noisy, chunk, error, message):
    stream = enhancer.stream()
    first = stream.process(noisy[:500])
    with pytest.raises(error, match=message):
        stream.process(chunk)
    out = np.concatenate([first, run(stream, [noisy[500:]])])
    np.testing.assert_array_equal(out, enhancer.enhance(noisy, 8000))


def test_bad_rates_are_refused(enhancer):
    with pytest.raises(ValueError, match="sample rate"):
        enhancer.stream(999)
    with pytest.raises(TypeError, match="sample rate"):
        enhancer.stream(8000.0)


@pytest.mark.filterwarnings("default")
def test_loud_chunks_warn_once(enhancer, noisy):
    with pytest.warns(UserWarning, match="goes beyond full scale") as caught:
        run(enhancer.stream(), [20 * noisy, 30 * noisy, 40 * noisy])
    assert len({str(one.message) for one in caught}) == 1  # which Python shows once
