"""Rows from files and to files: what is read, what is written, and what is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nibblestream.predict import reading, table, writing

NUMBERS = st.floats(allow_nan=False, width=64)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".csv", ".NPY"])
@pytest.mark.parametrize("dtype", ["float64", "int32"])
@pytest.mark.parametrize("rows", [1, 7])
def test_what_is_written_is_read(tmp_path, rng, suffix, dtype, rows):
    path = tmp_path / f"rows{suffix}"
    expected = rng.normal(0, 1e6, (rows, 3)).astype(dtype)
    with writing.writing(path, expected.shape, dtype) as write:
        for block in np.array_split(expected, 3):
            write(block)
        assert not path.exists()
    found = reading.read(path)
    assert found.dtype == (float if suffix == ".csv" else dtype)
    np.testing.assert_array_equal(found, expected)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_numpy_reads_what_is_written(tmp_path, suffix):
    path = tmp_path / f"rows{suffix}"
    with writing.writing(path, (0, 5), np.float64):
        pass
    if suffix == ".npz":
        with np.load(path) as archive:
            found = archive["y"]
    else:
        found = np.load(path)
    assert (found.shape, found.dtype) == ((0, 5), np.float64)
    assert reading.read(path).shape == (0, 5)


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "rows.npy"
    path.write_bytes(b"precious")
    with pytest.raises(ZeroDivisionError), writing.writing(path, (2, 2), np.float64) as write:
        write(np.zeros((1, 2)) + 1 // 0)
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]


def test_npy_files_are_not_read_into_memory(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((3, 2)))
    assert isinstance(reading.read(tmp_path / "x.npy"), np.memmap)


# --- tables ----------------------------------------------------------------------------------
@given(rows=st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=1, max_size=5))
def test_numbers_come_back_as_they_were(rows):
    text = io.StringIO()
    table.write(text, np.array(rows))
    text.seek(0)
    np.testing.assert_array_equal(table.parse(text, "rows"), rows)


@pytest.mark.parametrize(
    "text",
    [
        "1,2\n3,4\n",
        "1;2\r\n3;4",
        "1\t2\n3\t4\n\n",
        "1 2\n3   4\n",
        "1, 2\n\n 3, 4\n",
        "# of wine\n1,2\n#\n3,4\n",
        "a,b\n1,2\n3,4\n",
        '"a, or a",b\n1,2\n3,4\n',
        '"1","2"\n"3", "4"\n',
        "class 1\n1 2\n3 4\n",
        "1e0,+2\n3.0,4.\n",
    ],
)
def test_tables_of_every_kind(text):
    np.testing.assert_array_equal(table.parse(text.splitlines(), "t"), [[1, 2], [3, 4]])


def test_one_column_and_no_rows():
    np.testing.assert_array_equal(table.parse(["x", "1", "2"], "t"), [[1], [2]])
    assert table.parse(["a,b,c"], "t").shape == (0, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "t: is empty"),
        ("# nothing\n\n", "t: is empty"),
        ("1,2\n\n3\n", "t: line 3 has 1 values; expected 2"),
        ("1,2\n3,4,5\n", "t: line 2 has 3 values"),
        ("a,b\n1,2\n3,x\n", "t: line 3: 'x' is not a number"),
        ("1,2\n3,\n", "t: line 2: '' is not a number"),
        ("1,5;2,5\n1,5;2,5\n", "t: line 2: '1,5' is not a number"),
    ],
)
def test_tables_that_are_none(text, message):
    with pytest.raises(ValueError, match=message):
        table.parse(text.splitlines(), "t")


def test_whole_numbers():
    assert table.whole(np.array([[3.0, -2.0]]), "t").tolist() == [[3, -2]]
    for value in (0.5, np.nan, np.inf, 2.0**60):
        with pytest.raises(ValueError, match=r"t: x\[0, 1\] is .*; expected whole numbers"):
            table.whole(np.array([[1.0, value]]), "t")


# --- files that are refused --------------------------------------------------------------------
def test_files_that_are_refused(tmp_path):
    np.savez(tmp_path / "two.npz", a=np.zeros(2), b=np.zeros(2))
    np.savez(tmp_path / "none.npz")
    np.save(tmp_path / "objects.npy", np.array([None]), allow_pickle=True)
    np.save(tmp_path / "whole.npy", np.zeros((50, 50)))
    (tmp_path / "cut.npy").write_bytes((tmp_path / "whole.npy").read_bytes()[:-9])
    (tmp_path / "text.npy").write_text("1,2")
    (tmp_path / "text.npz").write_text("1,2")
    (tmp_path / "x.txt").write_text("1,2")
    (tmp_path / "folder.npy").mkdir()
    wrong = {
        "two.npz": "holds the arrays a, b; expected one",
        "none.npz": "holds the arrays none; expected one",
        "objects.npy": "cannot be read as '.npy'",
        "cut.npy": "cannot be read as '.npy'",
        "text.npy": "no array written by numpy.save",
        "text.npz": "no archive written by numpy.savez",
        "x.txt": "expected .npy, .npz, .csv",
    }
    for name, message in wrong.items():
        with pytest.raises(ValueError, match=message) as caught:
            reading.read(tmp_path / name)
        assert name in str(caught.value)
    for name in ("folder.npy", "nothing.npy"):
        with pytest.raises(FileNotFoundError, match=name):
            reading.read(tmp_path / name)
    with pytest.raises(ValueError, match=r"cannot write rows as '.txt'"):
        writing.check_target(tmp_path / "y.txt")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        writing.check_target(tmp_path / "no" / "y.npy")


def test_members_that_are_damaged_are_refused(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, x=np.arange(1000.0))
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"cannot be read as '\.npz'"):
        reading.read(path)
