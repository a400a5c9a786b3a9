"""What the README shows runs as it stands."""

import re
from pathlib import Path

import numpy as np
import soundfile
from click.testing import CliRunner

from nibblestream.cli import main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_ten_lines_run(tmp_path, monkeypatch, rng, capsys):
    monkeypatch.chdir(tmp_path)
    soundfile.write("street.wav", rng.normal(0, 0.1, 8000), 8000)
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, np.ndarray] = {}
    exec(code, names)
    assert names["clean"].shape == (8000,)
    assert len(names["out"]) + len(names["tail"]) == 100
    assert "149,632" in capsys.readouterr().out


def test_every_command_and_option_shown_exists():
    shown = re.findall(r"^    nibblestream (\w+) (.*)$", README, re.MULTILINE)
    assert {command for command, _ in shown} == set(main.list_commands(None))
    for command, arguments in shown:
        usage = CliRunner().invoke(main, [command, "--help"]).output
        for option in re.findall(r"--[a-z-]+", arguments):
            assert option in usage


def test_links_lead_somewhere():
    links = re.findall(r"\]\((?!http)([^)]+)\)", README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link
