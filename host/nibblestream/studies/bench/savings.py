"""Bytes saved by narrow codes against 8-bit codes of the same network, from the rows of both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .figures import COUNTED, SPECTRA, WEIGHTS, Row, size


def savings(rows: Sequence[Row]) -> list[str]:
    """Return a line per network and backend with byte counters, else for the first backend."""
    counting = [row.backend for row in rows if row.figures[WEIGHTS].kind == COUNTED]
    coded = [row.backend for row in rows if 8 in row.bits]
    backends = counting or coded[:1]
    return [line for name in dict.fromkeys(backends) for line in _of(name, rows)]


def _of(backend: str, rows: Sequence[Row]) -> Iterator[str]:
    """Return the lines of one backend."""
    here = [row for row in rows if row.backend == backend and row.origin]
    eights = {(row.origin, row.block): row for row in here if set(row.bits) == {8}}
    narrow: dict[tuple[str, str], list[Row]] = {}
    for row in here:
        if set(row.bits) != {8} and (row.origin, row.block) in eights:
            narrow.setdefault((row.model, row.widths), []).append(row)
    for (model, widths), found in narrow.items():
        pairs = [(row, eights[row.origin, row.block]) for row in found]
        kind = found[0].figures[WEIGHTS].kind
        beats = found[0].rows
        whole = ", ".join(
            f"{_saved(*pair, WEIGHTS, SPECTRA):.1%} at {size(pair[0].block, beats.unit)}"
            for pair in pairs
        )
        what = "rows in and out" if beats.raw else "spectra"
        yield (
            f"{model}: {widths}-bit codes move {_saved(*pairs[0], WEIGHTS):.1%} fewer bytes than "
            f"8-bit ones ({kind} on {backend}); with {what} {whole}"
        )


def _saved(row: Row, eight: Row, *names: str) -> float:
    mine, theirs = (sum(each.figures[name].value for name in names) for each in (row, eight))
    return 1 - mine / theirs
