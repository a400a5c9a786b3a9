"""Corpora whose file names determine the split, as a table of patterns.

No speaker and no recording location is in two splits of one corpus. Where the authors defined no
splits, this module does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

Splits = dict[str, list[str]]  # split -> file names, relative to the root, with slashes
Match = re.Match[str]

_FORMATS = r"\.(wav|flac|wv1|sph)"  # a WSJ0 file ending in .wv2 is the second microphone's

WSJ0 = {"tr_s": "train", "dt_05": "val", "et_05": "test"}

# VoiceBank-DEMAND is made from VCTK. Two speakers are its test set; two more are customarily held
# out of its training set for validation. VCTK itself has no splits: here these four speakers keep
# their split, and of the others those whose number ends in 0 are test, in 5 val. So a model trained
# on one of the two corpora can be tested on the other.
_TEST_SPEAKERS = ("p232", "p257")
_VAL_SPEAKERS = ("p226", "p287")

# DEMAND has no splits: test are the five places used in VoiceBank-DEMAND's test set, and val are
# places not used in its training set.
DEMAND = {
    **dict.fromkeys(("DLIVING", "OOFFICE", "SCAFE", "SPSQUARE", "TBUS"), "test"),
    **dict.fromkeys(("DWASHING", "NPARK", "OHALLWAY"), "val"),
    **dict.fromkeys(("DKITCHEN", "NFIELD", "NRIVER", "OMEETING", "PCAFETER"), "train"),
    **dict.fromkeys(("PRESTO", "PSTATION", "STRAFFIC", "TCAR", "TMETRO"), "train"),
}


def named(pattern: str, split: Callable[[Match], str]) -> Callable[[Path, Iterable[str]], Splits]:
    """Return a function that sorts file names into splits.

    Parameters
    ----------
    pattern : str
        Matches the last components of a path without its suffix, ignoring case. Of several files
        with the same match (copies in another format or folder) one is taken, preferably not a
        sphere file.
    split : callable
        Returns the split of a match.
    """
    whole = re.compile(rf"(?:.*/)?(?P<key>{pattern}){_FORMATS}", re.IGNORECASE)

    def splits(root: Path, names: Iterable[str]) -> Splits:
        seen, found = set(), Splits()
        for name in sorted(names, key=lambda name: (name.lower().endswith((".wv1", ".sph")), name)):
            match = whole.fullmatch(name)
            if match and match["key"].lower() not in seen:
                seen.add(match["key"].lower())
                found.setdefault(split(match), []).append(name)
        return found

    return splits


def _vctk(match: Match) -> str:
    speaker = match["speaker"].lower()
    if speaker in _TEST_SPEAKERS or (speaker not in _VAL_SPEAKERS and speaker.endswith("0")):
        return "test"
    return "val" if speaker in _VAL_SPEAKERS or speaker.endswith("5") else "train"


def _voicebank(match: Match) -> str:
    if match["part"].lower() == "train" and match["speaker"].lower() in _VAL_SPEAKERS:
        return "val"
    return match["part"].lower()


wsj0 = named(
    r"si_(?P<part>tr_s|dt_05|et_05)/(\w{3}/)?\w{8}", lambda match: WSJ0[match["part"].lower()]
)
librispeech = named(
    r"(?P<part>train|dev|test)-(clean|other)(-\d+)?/(?P<s>\d+)/(?P<c>\d+)/(?P=s)-(?P=c)-\d+",
    lambda match: {"dev": "val"}.get(match["part"].lower(), match["part"].lower()),
)
vctk = named(r"(?P<speaker>[ps]\d{1,3})/(?P=speaker)_\d{3}(_mic1)?", _vctk)
voicebank = named(
    r"clean_(?P<part>train|test)set(_\d+spk)?_wav/(?P<speaker>p\d{3})_\d{3}", _voicebank
)
noizeus = named(r"clean/sp\d{2}", lambda match: "test")
demand = named(rf"(?P<place>{'|'.join(DEMAND)})/ch01", lambda match: DEMAND[match["place"].upper()])
