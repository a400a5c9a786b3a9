"""What a killed process leaves does not stop the next one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from nibblestream.files.atomic import replacing
from nibblestream.files.folder import check, filling
from nibblestream.sound import reading

MARK = "results.json"


class Killed(BaseException):
    """The process ended here."""


def fill(folder: Path) -> None:
    with filling(folder, MARK) as temporary:
        for name in ("a.csv", MARK, "z.csv"):
            (temporary / name).write_text("new")


def test_a_folder_left_half_filled_is_filled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, move = tmp_path / "out", Path.replace

    def once(self: Path, to: Path) -> None:
        move(self, to)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", once)
        with pytest.raises(Killed):
            fill(folder)
    assert [path.name for path in folder.iterdir()] == [MARK]
    check(folder, MARK)
    with filling(folder, MARK) as temporary:
        (temporary / MARK).write_text("newer")
    assert (folder / MARK).read_text() == "newer"
    assert {path.name for path in tmp_path.iterdir()} == {"out"}


def leave(path: Path) -> Path:
    """Return the temporary file of an output, as a killed process leaves it."""
    with replacing(path) as temporary:
        kept = temporary.with_name(temporary.name)
    kept.write_bytes(b"half")
    path.unlink()
    return kept


def test_a_folder_of_leftovers_is_empty(tmp_path: Path) -> None:
    leave(tmp_path / MARK)
    check(tmp_path, MARK)
    (tmp_path / "mine.txt").touch()
    with pytest.raises(FileExistsError, match="holds other files"):
        check(tmp_path, MARK)


def test_leftovers_are_no_recordings(tmp_path: Path) -> None:
    leave(tmp_path / "half.wav")
    soundfile.write(tmp_path / "whole.wav", np.ones(9), 8000)
    assert [path.name for path in reading.find(tmp_path)] == ["whole.wav"]
