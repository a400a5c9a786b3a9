"""README: what it shows runs, its figures are those of the page of results, and it stays short."""

import re
from pathlib import Path

import numpy as np
import soundfile

from nibblestream import QuantizedModel

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def numbers(text: str) -> list[str]:
    return NUMBER.findall(text)


def test_the_six_lines_run(tmp_path, monkeypatch, rng, capsys):
    monkeypatch.chdir(tmp_path)
    soundfile.write("street.wav", rng.normal(0, 0.1, 8000), 8000)
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, np.ndarray] = {}
    exec(code, names)
    assert len([line for line in code.splitlines() if line]) == 6
    assert names["clean"].shape == (8000,)
    assert f"{QuantizedModel.load('default').stream_bytes:,}" in capsys.readouterr().out


def test_every_figure_of_the_headlines_is_on_the_page_of_results():
    table = README.split("## Results")[1].split("## Backends")[0]
    rows = re.findall(r"^\| (?!---)[^|]+ \| ([^|]+) \| `", table, re.MULTILINE)
    found = [number for row in rows for number in numbers(row)]
    assert len(rows) >= 5
    assert len(found) >= len(rows)
    assert set(found) <= set(numbers(RESULTS)), set(found) - set(numbers(RESULTS))


def test_links_lead_somewhere():
    links = re.findall(r"\]\((?!http)([^)]+)\)", README)
    links += re.findall(r'src="([^"]+)"', README)
    assert len(links) > 10
    for link in links:
        assert (ROOT / link).exists(), link


def test_it_is_short_and_narrow():
    lines = README.splitlines()
    assert len(lines) < 100
    assert not [line for line in lines if len(line) > 100]
