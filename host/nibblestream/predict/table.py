"""Rows of numbers as text: comma-separated values and their like."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import IO

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]
Line = tuple[int, str]

COMMENT = "#"


def parse(lines: Iterable[str], name: str) -> Float:
    """Return the numbers of a table.

    Fields are separated by semicolons, tabs, commas or spaces, whichever of these the first line
    has. A first line that is not all numbers is a heading. Lines that are empty or begin with # are
    skipped.

    Parameters
    ----------
    lines : iterable of str
    name : str
        Name of the table, for errors.

    Returns
    -------
    float64, shape (n, columns)

    Raises
    ------
    ValueError
        There are no lines, a field is no number, or a line has more or fewer fields than the first;
        the message names the line.
    """
    content = _content(lines)
    first = next(content, None)
    if first is None:
        raise ValueError(f"{name}: is empty; expected rows of numbers")
    split = _splitter(first[1])
    columns = len(split(first[1]))
    rest = content if _numbers(split(first[1])) is None else chain([first], content)
    flat = np.fromiter(_values(rest, split, columns, name), np.float64)
    return flat.reshape(-1, columns)


def whole(rows: Float, name: str) -> npt.NDArray[np.int64]:
    """Return numbers as int64; ValueError names one that is not whole."""
    bad = ~(np.abs(rows) < 2**53) | (rows != np.rint(rows))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise ValueError(
            f"{name}: x[{row}, {column}] is {rows[row, column]}; expected whole numbers"
        )
    return rows.astype(np.int64)


def write(file: IO[str], rows: npt.NDArray[np.float64 | np.int32]) -> None:
    """Write rows to a text file, in the fewest digits that give the same numbers again."""
    file.writelines(",".join(map(repr, row)) + "\n" for row in rows.tolist())


def _content(lines: Iterable[str]) -> Iterator[Line]:
    """Yield the numbers, from 1, and the texts of lines that hold something."""
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith(COMMENT):
            yield number, line.strip()


def _splitter(first: str) -> Callable[[str], list[str]]:
    for separator in ";\t,":
        if separator in first:
            return lambda line: next(csv.reader([line], delimiter=separator, skipinitialspace=True))
    return str.split


def _numbers(fields: list[str]) -> list[float] | None:
    try:
        return list(map(float, fields))
    except ValueError:
        return None


def _values(
    content: Iterable[Line], split: Callable[[str], list[str]], columns: int, name: str
) -> Iterator[float]:
    for number, line in content:
        fields = split(line)
        if len(fields) != columns:
            raise ValueError(
                f"{name}: line {number} has {len(fields)} values; expected {columns}, as the first"
            )
        values = _numbers(fields)
        if values is None:
            wrong = next(field for field in fields if _numbers([field]) is None)
            raise ValueError(f"{name}: line {number}: {wrong.strip()!r} is not a number")
        yield from values
