"""The paper's mixtures: exact SNRs, seeds, segments, channels, kinds of noise, bad files."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import sosfreqz

from nibblestream.evaluate.channels import CHANNELS, sections, transmit
from nibblestream.evaluate.mixtures import mix, mixtures, segment
from nibblestream.evaluate.noise_types import noise_types

pytestmark = pytest.mark.numeric

RATE = 8000


def write(path: Path, seconds: float, *, rate: int = RATE, level: float = 0.1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(sum(path.name.encode()))
    soundfile.write(path, level * rng.standard_normal(int(seconds * rate)), rate, subtype="FLOAT")
    return path


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in "abcde":
        write(tmp_path / "speech" / f"{name}.wav", 2.0)
    for kind in ("rain", "wind"):
        for name in "xy":
            write(tmp_path / "noise" / kind / f"{name}.wav", 1.3, rate=16000)
    return tmp_path / "speech", tmp_path / "noise"


def power_ratio(signal: np.ndarray, other: np.ndarray) -> float:
    return 10 * np.log10((signal @ signal) / (other @ other))


@given(snr=st.floats(-60, 60), level=st.floats(1e-4, 1.0), seed=st.integers(0, 99))
def test_mix_reaches_the_snr_and_leaves_the_speech(snr: float, level: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    clean, noise = level * rng.standard_normal(500), rng.standard_normal(500)
    added = mix(clean, noise, snr) - clean
    assert power_ratio(clean, added) == pytest.approx(snr, abs=1e-9)
    assert np.corrcoef(added, noise)[0, 1] == pytest.approx(1.0)


def test_mix_refuses_silence_and_unequal_lengths() -> None:
    sound, silence = np.ones(10), np.zeros(10)
    with pytest.raises(ValueError, match="speech is silent"):
        mix(silence, sound, 0)
    with pytest.raises(ValueError, match="noise is silent"):
        mix(sound, silence, 0)
    with pytest.raises(ValueError, match=r"\(10,\), noise \(9,\)"):
        mix(sound, sound[:9], 0)


def test_segments_cover_long_noise_and_loop_short_noise() -> None:
    noise = np.arange(10.0)
    assert segment(noise, 4, 0.0).tolist() == [0, 1, 2, 3]
    assert segment(noise, 4, 0.999).tolist() == [6, 7, 8, 9]
    assert segment(noise, 10, 0.999).tolist() == noise.tolist()
    assert segment(noise[:3], 7, 0.5).tolist() == [1, 2, 0, 1, 2, 0, 1]


def test_a_seed_fixes_everything(folders: tuple[Path, Path]) -> None:
    first, again = mixtures(*folders, count=8, seed=3), mixtures(*folders, count=8, seed=3)
    assert first == again
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.realise(), other.realise())
    other = mixtures(*folders, count=8, seed=4)
    assert first != other
    assert len({mixture.seed for mixture in first + other}) == 16


def test_snrs_are_balanced_and_reached(folders: tuple[Path, Path]) -> None:
    drawn = mixtures(*folders, count=10, seed=0, snrs=(0, 5))
    assert Counter(m.snr for m in drawn) == {0.0: 5, 5.0: 5}
    for mixture in drawn:
        clean, noisy = mixture.realise()
        assert power_ratio(clean, noisy - clean) == pytest.approx(mixture.snr, abs=1e-9)


def test_files_are_taken_in_turn(folders: tuple[Path, Path]) -> None:
    drawn = mixtures(*folders, count=10)
    assert set(Counter(m.speech for m in drawn).values()) == {2}
    assert [m.speech.stem for m in drawn] != sorted(m.speech.stem for m in drawn)
    assert len({m.start for m in drawn}) == 10


def test_infinite_snr_is_clean_speech(folders: tuple[Path, Path]) -> None:
    for mixture in mixtures(*folders, count=3, snrs=(np.inf,), channel="telephone"):
        clean, noisy = mixture.realise()
        assert np.array_equal(clean, noisy)
        assert mixture.groups[:2] == ("noise=none", "snr=inf dB")


def test_all_channels_hold_the_same_mixtures(folders: tuple[Path, Path]) -> None:
    drawn = mixtures(*folders, count=4, channel="all")
    assert [m.channel for m in drawn] == [c for c in CHANNELS for _ in range(4)]
    for channel in range(3):
        same = [replace(m, channel="none") for m in drawn[4 * channel : 4 * channel + 4]]
        assert same == drawn[:4]
    clean, noisy = drawn[0].realise()
    for other in drawn[4::4]:
        expected = [transmit(signal, other.channel, other.seed) for signal in (clean, noisy)]
        np.testing.assert_allclose(other.realise(), expected, atol=1e-12)


def test_loud_mixtures_are_scaled_down_with_their_reference(tmp_path: Path) -> None:
    speech = write(tmp_path / "speech" / "a.wav", 2.0, level=0.5).parent
    noise = write(tmp_path / "noise" / "b.wav", 3.0).parent
    (mixture,) = mixtures(speech, noise, count=1, snrs=(0,))
    clean, noisy = mixture.realise()
    assert np.abs(noisy).max() == 1.0
    assert power_ratio(clean, noisy - clean) == pytest.approx(0, abs=1e-9)


def test_lengths(tmp_path: Path) -> None:
    write(tmp_path / "speech" / "long.wav", 11.0)
    write(tmp_path / "speech" / "short.wav", 1.4)
    noise = write(tmp_path / "noise" / "b.wav", 0.1).parent
    drawn = mixtures(tmp_path / "speech", noise, count=3)
    assert {m.speech.stem for m in drawn} == {"long"}
    assert drawn[0].realise().noisy.shape == (80000,)


def response(channel: str, seed: tuple[int, int] = (0, 0)) -> tuple[np.ndarray, np.ndarray]:
    frequencies, values = sosfreqz(sections(channel, seed), 4000, fs=RATE)
    return frequencies, 20 * np.log10(np.abs(values[1:]).clip(1e-9))


def test_telephone_band() -> None:
    hertz, gain = response("telephone")
    inside = (hertz[1:] > 400) & (hertz[1:] < 3200)
    assert np.abs(gain[inside]).max() < 1.0
    assert gain[np.searchsorted(hertz, [300, 3400]) - 1] == pytest.approx([-3, -3], abs=0.1)
    assert gain[hertz[1:] < 150].max() < -20


def test_equalisers_are_smooth_bounded_and_differ() -> None:
    curves = np.array([response("equaliser", (7, i))[1] for i in range(50)])
    assert 6 < np.abs(curves).max() < 4 * 10 + 6
    assert np.abs(np.diff(curves[:, 100:], axis=1)).max() < 0.5  # dB a hertz
    spread = np.ptp(curves, axis=1)
    assert spread.min() > 2
    assert np.median(spread) > 8
    assert np.array_equal(curves[3], response("equaliser", (7, 3))[1])


def test_equaliser_sections_follow_the_cookbook() -> None:
    from nibblestream.evaluate.channels import high_shelf, peaking

    def at(section: np.ndarray, hertz: list[float]) -> np.ndarray:
        return 20 * np.log10(np.abs(sosfreqz(section[None], hertz, fs=RATE)[1]))

    assert at(peaking(1000, 7, 1), [0, 1000, 3999.9]) == pytest.approx([0, 7, 0], abs=1e-3)
    assert at(high_shelf(1000, -6, 0.7), [0, 3999.9]) == pytest.approx([0, -6], abs=1e-3)


def test_kinds_of_noise(tmp_path: Path) -> None:
    paths = [
        write(tmp_path / "data/noise" / name, 0.1) for name in ("a.wav", "rain/b.wav", "rain/c.wav")
    ]
    folder = tmp_path / "data/noise"
    assert list(noise_types(folder, paths).values()) == ["a", "rain", "rain"]
    (tmp_path / "data" / "manifest.csv").write_text(
        "file,seconds,noise_type\nnoise/a.wav,1,hum\nnoise/rain/b.wav,1,\nspeech/x.wav,1,\n"
    )
    assert list(noise_types(folder, paths).values()) == ["hum", "rain", "rain"]
    (folder / "manifest.csv").write_text("name,kind\na.wav,other\n")  # foreign: passed over
    assert noise_types(folder, paths)[paths[0]] == "hum"


def test_groups_name_noise_snr_and_channel(folders: tuple[Path, Path]) -> None:
    mixture = replace(mixtures(*folders, count=1)[0], snr=5.0, noise_type="rain")
    factors = ("noise=rain", "snr=5 dB", "channel=none")
    assert mixture.groups == (*factors, "noise=rain, snr=5 dB, channel=none")


def test_bad_files_are_named_and_left_out(folders: tuple[Path, Path]) -> None:
    speech, noise = folders
    (speech / "broken.wav").write_bytes(b"RIFF, but not really")
    with pytest.warns(UserWarning, match=r"broken\.wav"):
        drawn = mixtures(speech, noise, count=12)
    assert {m.speech.stem for m in drawn} == set("abcde")


@pytest.mark.filterwarnings("ignore:.*left out")
def test_nothing_to_use_is_an_error(folders: tuple[Path, Path], tmp_path: Path) -> None:
    speech, noise = folders
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="empty"):
        mixtures(tmp_path / "empty", noise)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        mixtures(speech, tmp_path / "nowhere")
    (tmp_path / "empty" / "x.wav").write_bytes(b"")
    with pytest.raises(ValueError, match=r"empty: none of 1 files .* longer than 1\.5 s"):
        mixtures(tmp_path / "empty", noise)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"count": 0}, "count is 0"),
        ({"snrs": ()}, r"SNRs are \[\]"),
        ({"snrs": (np.nan,)}, "SNRs are"),
        ({"snrs": (-np.inf,)}, "SNRs are"),
        ({"channel": "radio"}, "channel is 'radio'; expected one of none, telephone"),
    ],
)
def test_parameters_out_of_range(folders: tuple[Path, Path], wrong: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mixtures(*folders, **wrong)


def test_a_silent_file_names_itself_when_realised(folders: tuple[Path, Path]) -> None:
    speech, noise = folders
    write(speech / "zero.wav", 2.0, level=0.0)
    silent = next(m for m in mixtures(speech, noise, count=6) if m.speech.stem == "zero")
    with pytest.raises(ValueError, match=r"zero\.wav .* speech is silent"):
        silent.realise()
