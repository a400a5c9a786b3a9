"""The soaks find what they look for, and a short one finds nothing."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import driver
import numpy as np
import pytest
import soundfile
from writers import check_complete

from nibblestream.backends.driver.board import Board

BLOCKS = 40


@pytest.fixture
def soaked(kernel_cache: Path) -> driver.Soak:
    return driver.Soak(3)


def test_every_block_is_right_or_refused(kernel_cache: Path) -> None:
    found = driver.soak(blocks=2 * BLOCKS, seconds=60, seed=1)
    assert found["blocks"] == 2 * BLOCKS
    assert 0 < found["refused"] < found["faulty"] <= sum(found["faults"].values())


def test_a_wrong_bit_is_found(soaked: driver.Soak, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Board.run
    monkeypatch.setattr(Board, "run", lambda *call: run(*call) ^ np.int32(1))
    with pytest.raises(AssertionError, match="Arrays are not equal"):
        soaked.board(BLOCKS)


def test_a_buffer_that_is_left_is_found(
    soaked: driver.Soak, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Board, "close", lambda board: None)
    with pytest.raises(AssertionError, match="3 buffers are left"):
        soaked.board(BLOCKS)


def test_a_growth_of_memory_is_found(soaked: driver.Soak) -> None:
    soaked.memory = [100] * driver.WARM + [200, 200, 350]
    assert soaked.grown() == 150


def test_killed_commands_leave_whole_files(tmp_path: Path) -> None:
    script = Path(__file__).with_name("kill.py")
    command = [sys.executable, str(script), "enhance", "predict", "--kills", "4"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("'killed'") == 2


def write(path: Path) -> None:
    if path.suffix == ".wav":
        soundfile.write(path, np.zeros(5 * 1000), 1000)
    elif path.suffix == ".npy":
        np.save(path, np.zeros((2000, 3)))
    else:
        path.write_text({".json": '{"a": 1}', ".csv": "a,b\n1,2\n", ".md": "# A\n"}[path.suffix])


@pytest.mark.parametrize("suffix", [".wav", ".npy", ".json", ".csv", ".md"])
def test_half_a_file_is_found(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    write(path)
    check_complete(path)
    path.write_bytes(path.read_bytes()[:-1])
    found = False
    with suppress(Exception):
        check_complete(path)
        found = True
    assert not found
