"""What notebook 04 shows of a classifier: its origin, accuracy, mistakes and margins."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

from nibblestream import Predictor, QuantizedModel, quantize, show
from nibblestream.hardware.boards import BOARDS
from nibblestream.show import classified, equality
from nibblestream.studies.bench import at_hand

pytestmark = pytest.mark.numeric

module = import_module("nibblestream.show.digits")  # the function has its name


@pytest.fixture(scope="module")
def digits():
    return module.bundled()


@pytest.fixture(scope="module")
def four(digits) -> QuantizedModel:
    return quantize(digits.model, "auto", 4, calibration=digits.calibration)


def test_the_bundled_images_are_scikit_learn_s(digits):
    pytest.importorskip("sklearn")
    from nibblestream.studies.tasks.task import TASKS, load

    rows, test, _, asked = load(TASKS["digits"], module.SEED)
    np.testing.assert_array_equal(digits.calibration, rows)
    np.testing.assert_array_equal(digits.test, test)
    np.testing.assert_array_equal(digits.targets, asked)


def test_without_scikit_learn_the_bundled_network_is_used(digits, monkeypatch, capsys):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert show.digits().model.digest == digits.model.digest
    assert "scikit-learn is not installed" in capsys.readouterr().out


def test_with_scikit_learn_the_network_is_trained(capsys):
    pytest.importorskip("sklearn")
    trained = show.digits()
    assert "trained by scikit-learn on 1,198 images" in capsys.readouterr().out
    assert trained.score(trained.model(trained.test)) > 93


def test_what_is_bundled_is_what_is_saved(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "trained_here", lambda: digits)
    module.save(tmp_path / "again.npz")
    monkeypatch.setattr(module, "BUNDLED", tmp_path / "again.npz")
    assert module.bundled().model.digest == digits.model.digest
    np.testing.assert_array_equal(module.bundled().test, digits.test)


def test_accuracy_bytes_and_speed_are_listed(digits, four):
    models = {"float": digits.model, "four": four}
    lines = show.accuracies(models, digits, BOARDS["Pynq-Z2"]).splitlines()[2:]
    right = np.mean(digits.model(digits.test).argmax(axis=1) == digits.targets)
    assert lines[0].split() == ["float", f"{right:.1%}", "9,472"]
    with Predictor(four) as net:
        right = np.mean(net.predict(digits.test).argmax(axis=1) == digits.targets)
    found = classified.cost(four, BOARDS["Pynq-Z2"])
    speed = [f"{found.rows_per_second:,.0f}", f"{found.latency_us:.1f}"]
    assert lines[1].split() == ["four", f"{right:.1%}", "1,184", *speed]


def test_margins_are_those_of_a_loop(digits):
    outputs = digits.model(digits.test)
    for row, target, margin in zip(
        outputs, digits.targets, classified.margins_of(digits, outputs), strict=True
    ):
        others = [value for i, value in enumerate(row) if i != target]
        assert margin == row[target] - max(others)
        assert (margin > 0) == (row.argmax() == target)


def test_mistakes_and_margins_are_drawn(digits):
    outputs = digits.model(digits.test)
    wrong = np.count_nonzero(outputs.argmax(axis=1) != digits.targets)
    for shown in (show.mistakes(digits, outputs), show.margins(digits, {"float": outputs})):
        assert shown.data.startswith(b"\x89PNG")
    assert show.mistakes(digits, outputs).alt.startswith(f"{wrong} of 599 test images")


def test_no_mistakes_are_no_pictures(digits):
    right = np.eye(10)[digits.targets]
    assert show.mistakes(digits, right).alt.startswith("0 of 599")


def test_backends_are_compared_by_their_integers(four, digits, kernel_cache, monkeypatch):
    monkeypatch.setattr(
        at_hand, "lacks", lambda name: "nothing" if name in ("virtual", "pynq") else ""
    )
    same = "csim     200 integers, 0 of them other than emu's"
    assert show.same_outputs(four, digits.test[:20]).splitlines() == [
        "emu      200 integers: the definition",
        same,
        "virtual  not here: nothing",
        "pynq     not here: nothing",
    ]
    real = equality._predicted

    def off_by_one(name, model, rows):
        found = real("emu", model, rows)
        found[3, 4] += name == "csim"
        return found

    monkeypatch.setattr(equality, "_predicted", off_by_one)
    lines = show.same_outputs(four, digits.test[:20]).splitlines()
    assert lines[1] == same.replace(" 0 of", " 1 of")
