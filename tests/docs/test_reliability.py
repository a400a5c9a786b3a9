"""The page of reliability is what its script makes of the committed figures."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest

from conftest import ROOT


@pytest.fixture
def reliability(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    return importlib.import_module("reliability")


def test_the_page_is_what_the_script_makes(reliability: ModuleType) -> None:
    made = reliability.page(reliability.load(reliability.DATA), reliability.TEXT.read_text("utf-8"))
    assert reliability.PAGE.read_text("utf-8") == f"{made}\n", "run `make results`"


def test_every_target_and_command_is_named(reliability: ModuleType) -> None:
    data = reliability.load(reliability.DATA)
    assert {*data["fuzz"]["targets"]} == {*reliability.WHAT}
    assert all(not found["findings"] for found in data["fuzz"]["targets"].values())
    page = reliability.PAGE.read_text("utf-8")
    assert all(f"| {name} |" in page for name in data["kill"]["commands"])
