"""Networks on well-known data: splits, scores, costs, and what the command writes."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner

from nibblestream import FloatModel, quantize
from nibblestream.cli import main
from nibblestream.hardware.boards import BOARDS
from nibblestream.studies.tasks.cost import cost
from nibblestream.studies.tasks.trained import Trained, classes

pytest.importorskip("sklearn")
from nibblestream.cli.tasks import NAMES
from nibblestream.studies.tasks import report
from nibblestream.studies.tasks.run import SETTINGS, run, widths
from nibblestream.studies.tasks.task import TASKS, load, train

BOARD = BOARDS["Pynq-Z2"]


@pytest.fixture(scope="module")
def wine():
    return run(["wine"], 2, BOARD)


def by_hand(outputs, targets, regression):
    model = FloatModel("none", ([[1.0]],), ([0.0],))
    rows = np.zeros((len(targets), 1))
    task = Trained(model, rows, rows, np.array(targets), regression)
    return task.score(np.array(outputs, float))


def test_accuracy_is_the_share_of_right_classes():
    assert by_hand([[0, 1], [3, 2], [5, 6], [1, 0]], [1, 0, 0, 1], False) == 50
    assert by_hand([[0.4], [0.6], [0.9], [0.1]], [0, 1, 1, 1], False) == 75
    assert classes(np.array([[0.5], [0.51]])).tolist() == [0, 1]


def test_r2_is_one_less_the_share_of_the_variance_left():
    assert by_hand([[1], [2], [3]], [1.0, 2, 3], True) == 1
    assert by_hand([[2], [2], [2]], [1.0, 2, 3], True) == 0  # the mean
    assert by_hand([[1], [2], [4]], [1.0, 2, 3], True) == pytest.approx(0.5)


def test_the_command_knows_all_tasks():
    assert tuple(TASKS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_third_of_the_rows_is_held_out(name):
    rows, test, known, asked = load(TASKS[name], 0)
    assert (len(rows), len(test)) == (len(known), len(asked))
    assert len(test) == pytest.approx(len(rows) / 2, abs=1)
    again = load(TASKS[name], 0)
    other = load(TASKS[name], 1)
    np.testing.assert_array_equal(test, again[1])
    assert not np.array_equal(test, other[1])
    if not TASKS[name].regression:  # every class as often as in the other part
        shares = [np.bincount(y) / len(y) for y in (known, asked)]
        np.testing.assert_allclose(*shares, atol=0.02)


def test_data_are_standardized_by_the_training_rows_alone():
    rows, test, *_ = load(TASKS["wine"], 0)
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(rows.std(axis=0), 1)
    assert np.abs(test.mean(axis=0)).max() > 0.01
    raw = load(TASKS["wine-folded"], 0)[1]
    assert raw.max() > 1000
    *_, known, asked = load(TASKS["diabetes"], 0)
    assert (known.mean(), known.std()) == pytest.approx((0, 1))
    assert asked.std() != pytest.approx(1, abs=1e-3)


def test_a_folded_scaler_gives_the_same_network():
    """Split, scaling and training are the same, so the outputs are, on either kind of rows."""
    before, folded = train(TASKS["wine"], 0), train(TASKS["wine-folded"], 0)
    outputs = before.model(before.test), folded.model(folded.test)
    np.testing.assert_allclose(*outputs, atol=1e-3)
    assert folded.test.max() > 1000


def test_costs_are_those_of_the_layout():
    weights = np.ones((20, 33)) / 2, np.ones((3, 20)) / 2
    model = FloatModel("small", weights, (np.zeros(20), np.zeros(3)), scaled=True)
    assert cost(model, BOARD).codes == 4 * (20 * 33 + 3 * 20)
    assert cost(model, BOARD).rows_per_second is None
    found = cost(quantize(model, "kmeans", 4), BOARD)
    assert found.codes == (20 * 33 + 3 * 20) / 2
    assert found.stream % 8 == 0
    assert found.stream > found.codes + 2 * 16  # and two tables
    assert found.latency_us == found.row_clocks / 100
    assert found.rows_per_second == pytest.approx(100e6 * found.block / found.block_clocks)
    assert found.row_clocks < found.block_clocks < found.block * found.row_clocks


def test_losses_are_paired_by_seed(wine):
    assert [result.setting for result in wine] == list(SETTINGS)
    exact = wine[0]
    assert exact.lost == (0, 0, 0)
    for result in wine:
        assert result.score.mean == pytest.approx(np.mean(result.scores))
        lost = np.subtract(exact.scores, result.scores)
        assert result.lost.mean == pytest.approx(lost.mean())
        ends = result.lost.low, result.lost.high
        assert ends == pytest.approx((lost.min(), lost.max()))  # of two seeds, all draws count
        assert result.network == "13-16-3"


def test_eight_bits_lose_little_and_codes_shrink(wine):
    by = {result.setting[:2]: result for result in wine}
    assert abs(by["u", 8].lost.mean) < 3
    assert [by["auto", bits].cost.codes for bits in (8, 4, 3, 2)] == [256, 128, 96, 64]


def test_widths_are_those_of_the_layers():
    trained = train(TASKS["diabetes"], 0)
    assert widths(trained.model) == widths(quantize(trained.model)) == [10, 16, 1]


def test_the_command_writes_what_it_found(tmp_path):
    folder = tmp_path / "found"
    done = CliRunner().invoke(main, ["tasks", "--task", "wine", "--seeds", "1", "-o", str(folder)])
    assert done.exit_code == 0, done.output
    data = json.loads((folder / report.JSON).read_text())
    with (folder / report.ROWS).open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(data["rows"]) == len(data["seeds"]) == len(SETTINGS)
    for row, entry in zip(rows, data["rows"], strict=True):
        assert float(row["score"]) == entry["score"]
        assert row["stream"] == str(entry["stream"] or "")
    index = (folder / report.INDEX).read_text()
    for text in (index, done.output):
        assert f"{data['rows'][0]['score']:.2f} ±0.00" in text
        assert "4-bit auto" in text
    assert "XC7Z020" in index or "xc7z020" in index
    assert max(map(len, done.output.splitlines())) <= 100


def test_a_folder_with_other_files_is_refused_before_the_work(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    done = CliRunner().invoke(main, ["tasks", "-o", str(tmp_path)])
    assert done.exit_code == 1
    assert "holds other files" in done.output


@pytest.mark.slow
@pytest.mark.numeric
def test_calibrated_tables_keep_the_digits():
    """With wide margins: training, and so the loss, differs a little between CPUs."""
    by = {result.setting[:2]: result.lost.mean for result in run(["digits"], 3, BOARD)}
    assert by["u", 8] < 1
    assert by["auto", 4] < 1.5
    assert by["auto", 3] < 3
    for bits in (3, 2):
        assert by["auto", bits] < by["kmeans", bits] < by["rs-vbs", bits]
