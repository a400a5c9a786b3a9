"""Small corpora as they are unpacked, with files that do not belong among them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from nibblestream.evaluate.corpora.named import DEMAND

SECONDS = 2.0


def sound(path: Path, *, rate: int = 8000, seconds: float = SECONDS) -> Path:
    """Write noise bursts that differ by the file's name, in the format of its suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(list(str(path.name).encode()))
    time = np.arange(int(seconds * rate)) / rate
    burst = 0.1 * rng.standard_normal(len(time)) * np.abs(np.sin(2 * np.pi * 2 * time))
    kind = {".flac": "FLAC", ".wav": "WAV"}.get(path.suffix.lower(), "NIST")
    soundfile.write(path, burst, rate, format=kind, subtype="PCM_16")
    return path


def sphere(path: Path, *, rate: int = 16000, seconds: float = SECONDS) -> Path:
    """Write a NIST sphere file by hand, as the discs of WSJ0 hold them once expanded."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(list(path.name.encode()))
    samples = (3000 * rng.standard_normal(int(seconds * rate))).astype("<i2")
    fields = (
        f"sample_count -i {len(samples)}\nsample_rate -i {rate}\nchannel_count -i 1\n"
        "sample_n_bytes -i 2\nsample_byte_format -s2 01\nsample_sig_bits -i 16\n"
        "sample_coding -s3 pcm\nend_head\n"
    )
    path.write_bytes(f"NIST_1A\n   1024\n{fields}".encode().ljust(1024) + samples.tobytes())
    return path


def wsj0(root: Path) -> Path:
    """Discs with upper-case names among lower-case ones, both microphones, a converted copy."""
    for name in ("01to030v", "01to030w", "20la010b"):
        sphere(root / f"11-1.1/wsj0/si_tr_s/{name[:3]}/{name}.wv1")
    sphere(root / "11-6.1/WSJ0/SI_DT_05/050/050A0501.WV1")
    sphere(root / "11-14.1/wsj0/si_et_05/440/440c0201.wv1")
    sphere(root / "11-14.1/wsj0/si_et_05/440/440c0201.wv2")  # the second microphone
    sphere(root / "11-15.1/wsj0/sd_tr_s/001/001c0201.wv1")  # speaker-dependent: not used
    sound(root / "wav/wsj0/si_tr_s/01t/01to030v.wav", rate=16000)  # the same, converted
    (root / "11-1.1/wsj0/si_tr_s/01t/01to030v.dot").write_text("text")
    return root


def tut(root: Path, *, scenes: tuple[str, ...] = ("beach", "cafe/restaurant")) -> Path:
    """Two scenes of eight locations, two segments each; two locations of each are test."""
    lists: dict[str, list[str]] = {"train": [], "evaluate": [], "meta": []}
    for number, scene in enumerate(scenes):
        for location in range(8):
            for start in (0, 30):
                file = f"audio/{'ab'[number]}{location:03}_{start}_{start + 30}.wav"
                sound(root / file, rate=44100, seconds=3.0)
                lists["evaluate" if location < 2 else "train"].append(f"{file}\t{scene}\n")
                lists["meta"].append(f"{file}\t{scene}\n")
    sound(root / "audio" / "z999_0_30.wav", rate=44100)  # in no list
    (root / "evaluation_setup").mkdir()
    (root / "meta.txt").write_text("".join(lists["meta"]))
    for name in ("train", "evaluate"):
        (root / "evaluation_setup" / f"fold1_{name}.txt").write_text("".join(lists[name]))
    return root


def librispeech(root: Path) -> Path:
    """Five of its sets, all with one speaker."""
    sets = ("train-clean-100", "train-clean-360", "train-other-500", "dev-clean", "test-other")
    for number, name in enumerate(sets, 19):
        sound(root / "LibriSpeech" / name / f"{number}/198/{number}-198-0000.flac")
        (root / "LibriSpeech" / name / f"{number}/198/{number}-198.trans.txt").write_text("text")
    sound(root / "extra" / "jingle.wav")
    return root


def vctk(root: Path) -> Path:
    """Both microphones; p225 (val by its number), p226 and p232 (by VoiceBank), p230, p227, s5."""
    for speaker in ("p225", "p226", "p227", "p230", "p232", "p257", "p287", "p376", "s5"):
        for microphone in (1, 2):
            name = f"{speaker}/{speaker}_001_mic{microphone}.flac"
            sound(root / "wav48_silence_trimmed" / name, rate=48000)
    return root


def voicebank(root: Path) -> Path:
    """Clean and noisy, three training speakers and one of the test."""
    for side in ("clean", "noisy"):
        for speaker in ("p226", "p227", "p228"):
            sound(root / f"{side}_trainset_28spk_wav" / f"{speaker}_001.wav", rate=48000)
        for number in (2, 1):
            sound(root / f"{side}_testset_wav" / f"p232_{number:03}.wav", rate=48000)
    return root


def noizeus(root: Path) -> Path:
    """Two sentences in two noises, one of them called train."""
    for name in ("sp01", "sp02"):
        sound(root / f"clean/{name}.wav")
        for noise, snr in (("babble", 0), ("babble", 5), ("train", 10)):
            sound(root / f"{noise}_{snr}dB/{snr}dB/{name}_{noise}_sn{snr}.wav")
    sound(root / "clean/._sp01.wav")  # what a Mac leaves behind
    return root


def demand(root: Path) -> Path:
    """All eighteen places, two of sixteen channels."""
    for place in DEMAND:
        for channel in ("ch01", "ch02"):
            sound(root / place / f"{channel}.wav", rate=16000, seconds=1.0)
    return root


def folders(root: Path) -> Path:
    """Our own: train, val, test, and a manifest."""
    for split, names in {"train": "abc", "val": "de", "test": "fg"}.items():
        for name in names:
            sound(root / split / f"{name}.flac")
    return root
