"""The page of results is what its script makes of the committed figures, and of nothing else."""

from __future__ import annotations

import copy
import importlib
import json
import re

import pytest

from conftest import ROOT

DOCS = ROOT / "docs"
FILES = sorted((DOCS / "results").glob("*.json"))


@pytest.fixture
def results(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    return importlib.import_module("results")


def test_the_page_is_what_the_script_makes(results):
    made = results.page(results.load(), results.TEXT.read_text(encoding="utf-8"))
    assert results.PAGE.read_text(encoding="utf-8") == f"{made}\n", "run `make results`"


def test_its_lines_are_narrow(results):
    lines = results.PAGE.read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if len(line) > 100 and line[0] not in "|!"]


def numbers(value, path=()):
    """Yield where every number in JSON is."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, of in pairs:
            yield from numbers(of, (*path, key))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path


def raised(data, path):
    """Return a copy in which the number at a path is another one."""
    changed = copy.deepcopy(data)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = 3 * inner[path[-1]] + 7
    return changed


@pytest.mark.parametrize(
    ("path", "times"),
    [
        (("table3", "rows", 2, "stoi", 0), 1),  # only in the table
        (("table3", "rows", 2, "loss_percent", 0), 2),  # in the table and in a sentence
        (("sweep-overhead", "rows", 1, "cpu_ms", 3), 1),
        (("channels", "models", "mlp", "all", "d_stoi", 0), 1),
        (("clean", "models", "mlp", "all", "stoi", 0), 1),
        (("peers", "models", "rnnoise", "all", "d_pesq", 0), 1),
        (("peers", "costs", "rnnoise", "weight_bytes"), 1),
        (("peers-telephone", "models", "rnnoise", "all", "d_stoi", 0), 1),
        (("compare", "rows", 3, "extra"), 1),
        (("sweep", "rows", 1, "stoi", 0), 1),
        (("board", "blocks", 0, "times_real_time"), 1),
        (("explore", "rows", 1, "latency_us"), 1),
        (("emulation", "seconds", "paper", "csim"), 1),
        (("tasks", "rows", 0, "score", 0), 1),
        (("topologies", "rows", 1, "latency_us"), 1),
        (("published", "topologies", 0, "designs", 0, "lut"), 1),
    ],
)
def test_a_changed_figure_changes_the_page(results, path, times):
    data, text = results.load(), results.TEXT.read_text(encoding="utf-8")
    before = results.page(data, text).splitlines()
    after = results.page(raised(data, path), text).splitlines()
    changed = [old for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == times


def test_calibrated_tables_keep_the_digits(results):
    """With ten seeds: at most 0.3 points are lost with 4 bits, and at most 1 with 3."""
    found = results.load()["tasks"]
    rows = [row for row in found["rows"] if (row["task"], row["scheme"]) == ("digits", "auto")]
    lost = {row["bits"]: row["lost"][0] for row in rows}
    assert found["seeds"] == 10
    assert lost[4] <= 0.3
    assert lost[3] <= 1


def test_every_published_figure_has_a_source(results):
    designs = [of for each in results.load()["published"]["topologies"] for of in each["designs"]]
    assert len(designs) > 4
    assert all(each["url"].startswith("https://") and each["source"] for each in designs)


def test_no_figure_of_a_table_is_typed(results):
    """A table in the text would have figures that no file has."""
    text = results.TEXT.read_text(encoding="utf-8")
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert not re.findall(r"\d", "".join(tables))


def test_a_placeholder_without_a_figure_is_an_error(results):
    with pytest.raises(KeyError, match="no_such_figure"):
        results.page(results.load(), "The answer is $no_such_figure.")


def test_an_option_too_wide_goes_on_a_new_line(results):
    line = "nibblestream compare a --speech " + "s" * 40 + " --noise " + "n" * 40
    block = results.tables.command(line).splitlines()
    assert [row.strip(" \\") for row in block] == [
        f"nibblestream compare a --speech {'s' * 40}",
        f"--noise {'n' * 40}",
    ]
    assert block[0].endswith(" \\")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_figures_are_small_and_from_no_place(file):
    text = file.read_text(encoding="utf-8")
    assert len(text) < 100_000
    assert list(numbers(json.loads(text)))
    assert not re.search(r'[" ]/\w', text)
