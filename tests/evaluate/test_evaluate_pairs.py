"""Tables of pairs: columns, rates, lengths, and errors that name the row's trouble."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from nibblestream.evaluate.pairs import read_pairs

RATE = 8000


def tone(path: Path, samples: int, rate: int = RATE, channels: int = 1) -> None:
    path.parent.mkdir(exist_ok=True)
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(samples) / rate)
    soundfile.write(path, np.stack([wave] * channels, axis=1), rate, subtype="FLOAT")


def table(folder: Path, text: str) -> Path:
    path = folder / "PAIRS.csv"
    path.write_text(text)
    return path


def test_pairs_are_relative_to_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tone(tmp_path / "audio" / "a.wav", 8000)
    tone(tmp_path / "audio" / "b.wav", 8010)
    path = table(tmp_path, "clean,noisy,group\naudio/a.wav, audio/b.wav,5 dB\n\n")
    monkeypatch.chdir("/")
    (pair,) = read_pairs(path)
    assert pair.groups == ("5 dB",)
    assert pair.name == "PAIRS.csv row 2 (audio/b.wav)"
    assert [signal.shape for signal in pair.realise()] == [(8000,), (8000,)]


def test_a_group_is_optional(tmp_path: Path) -> None:
    assert read_pairs(table(tmp_path, "clean,noisy\na.wav,b.wav\n"))[0].groups == ()
    assert read_pairs(table(tmp_path, "noisy,clean,group\na.wav,b.wav\n"))[0].groups == ()
    assert read_pairs(table(tmp_path, "noisy,clean\na.wav,b.wav\n"))[0].clean == "b.wav"


def test_rates_and_channels_are_brought_to_8_khz_mono(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav", 44100, 44100, channels=2)
    tone(tmp_path / "b.wav", 16000, 16000)
    clean, noisy = read_pairs(table(tmp_path, "clean,noisy\na.wav,b.wav\n"))[0].realise()
    assert clean.shape == noisy.shape == (8000,)
    np.testing.assert_allclose(clean[100:-100], noisy[100:-100], atol=5e-3)


@pytest.mark.parametrize(("samples", "agree"), [(8064, True), (7936, True), (8065, False)])
def test_lengths_agree_within_a_hop(tmp_path: Path, samples: int, agree: bool) -> None:
    tone(tmp_path / "a.wav", 8000)
    tone(tmp_path / "b.wav", samples)
    (pair,) = read_pairs(table(tmp_path, "clean,noisy\na.wav,b.wav\n"))
    if agree:
        assert len(pair.realise().noisy) == min(8000, samples)
    else:
        with pytest.raises(ValueError, match=r"a\.wav has 8000 .* b\.wav 8065; expected .* 64"):
            pair.realise()


def test_bad_rows_are_told_when_realised(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav", 8000)
    (tmp_path / "text.wav").write_text("not audio")
    rows = "clean,noisy\na.wav,\na.wav,gone.wav\na.wav,text.wav\na.wav\n"
    pairs = read_pairs(table(tmp_path, rows))
    with pytest.raises(ValueError, match="column 'noisy' is empty"):
        pairs[0].realise()
    with pytest.raises(FileNotFoundError, match=r"gone\.wav: no such file"):
        pairs[1].realise()
    with pytest.raises(ValueError, match=r"text\.wav: cannot be read as audio"):
        pairs[2].realise()
    with pytest.raises(ValueError, match="column 'noisy' is empty"):
        pairs[3].realise()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"columns \[\]; expected clean, noisy"),
        ("clean;noisy\na;b\n", r"columns \['clean;noisy'\]; expected clean, noisy"),
        ("clean,group\na,b\n", "expected clean, noisy"),
        ("clean,noisy\n", "no rows"),
    ],
)
def test_other_tables_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_pairs(table(tmp_path, text))


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.csv: no such file"):
        read_pairs(tmp_path / "none.csv")
    (tmp_path / "x.csv").write_bytes(b"clean,noisy\n\xff\xfe,b\n")
    with pytest.raises(ValueError, match=r"x\.csv: is not a CSV in UTF-8"):
        read_pairs(tmp_path / "x.csv")


def test_a_byte_order_mark_is_no_part_of_a_column(tmp_path: Path) -> None:
    assert read_pairs(table(tmp_path, "\ufeffclean,noisy\na,b\n"))[0].clean == "a"
