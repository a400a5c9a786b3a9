"""Layouts of sequences: rows in, rows out, and which one a network has."""

from __future__ import annotations

import numpy as np
import pytest

from nibblestream.importing.sequences import Layout, layouts, remembered, split

pytestmark = pytest.mark.numeric


def sums(axis, seen=None):
    """A network whose memory is a sum along an axis of its inputs."""

    def run(x):
        if seen is not None:
            seen.append(x.shape)
        return np.add.accumulate(x, axis=axis) * 0.5

    return run


@pytest.mark.parametrize(
    ("dimensions", "sizes", "row"),
    [
        ((0, 7), (0,), (7,)),
        ((1, 0, 7), (1, 0), (7,)),
        ((1, 0, 2, 7), (1, 0), (2, 7)),
        ((7,), (), (7,)),
    ],
)
def test_dimensions_of_steps_and_batch_come_before_a_row(dimensions, sizes, row):
    assert split(dimensions) == (sizes, row)


@pytest.mark.parametrize(
    ("sizes", "time", "given"),
    [
        ((0,), 0, (5, 7)),
        ((8,), 0, (8, 7)),
        ((0, 0), 1, (1, 5, 7)),
        ((0, 0), 0, (5, 1, 7)),
        ((1, 8), 1, (1, 8, 7)),
        ((8, 1), 0, (8, 1, 7)),
        ((3, 8), 1, (3, 8, 7)),
        ((8, 3), 0, (8, 3, 7)),
    ],
)
def test_rows_go_in_and_come_out(rng, sizes, time, given):
    x, seen = rng.normal(0, 1, (5, 7)), []
    layout = Layout(sizes, time, (7,))
    found = layout.by_rows(sums(time, seen))(x)
    assert seen == [given]
    np.testing.assert_allclose(found, np.add.accumulate(x) * 0.5)


def test_rows_may_have_a_shape(rng):
    x = rng.normal(0, 1, (5, 14))
    run = Layout((0, 0), 1, (2, 7)).by_rows(lambda x: sums(1)(x).reshape(1, 5, 14))
    np.testing.assert_allclose(run(x), np.add.accumulate(x) * 0.5)


@pytest.mark.parametrize("outputs", [(1, 3), (1, 1, 3), (3,), (1, 6, 3), (5, 5, 3)])
def test_outputs_that_are_not_a_row_for_each_step_are_refused(outputs):
    run = Layout((0, 0), 1, (7,)).by_rows(lambda x: np.zeros(outputs))
    with pytest.raises(ValueError, match="for a sequence of 5 steps; expected a row for each"):
        run(np.zeros((5, 7)))


@pytest.mark.parametrize("time", [0, 1])
def test_examples_are_one_sequence_or_a_batch(rng, time):
    layout, batch = Layout((0, 0), time, (7,)), rng.normal(0, 1, (4, 6, 7))
    one = layout.sequences(batch[0])
    assert len(one) == 1
    np.testing.assert_array_equal(one[0], batch[0])
    found = layout.sequences(batch if time == 1 else batch.swapaxes(0, 1))
    np.testing.assert_array_equal(np.stack(found), batch)


@pytest.mark.parametrize("time", [0, 1])
@pytest.mark.parametrize("sizes", [(0, 0), (4, 4)])
def test_a_network_is_run_to_find_its_steps(time, sizes):
    assert remembered(sums(time), layouts(sizes, (7,))) == Layout(sizes, time, (7,))


def test_a_single_step_shows_no_memory():
    assert layouts((1, 6), (7,)) == [Layout((1, 6), 1, (7,))]
    for sizes in ((1, 1), (1,), ()):
        with pytest.raises(ValueError, match="no output depends on rows before"):
            remembered(sums(0), layouts(sizes, (7,)))


def test_a_network_without_memory_is_refused():
    with pytest.raises(ValueError, match="no output depends on rows before"):
        remembered(lambda x: 2 * x, layouts((0, 0), (7,)))
