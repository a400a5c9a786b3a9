"""The comparison with the original: what it bounds, and what it finds."""

from __future__ import annotations

import numpy as np
import pytest

from nibblestream.importing.check import FLOAT32, LONGEST, Original, check_equal, outputs
from nibblestream.importing.sequences import Layout
from nibblestream.network.activation import LINEAR, RELU, TANH
from nibblestream.network.float_model import FloatModel
from nibblestream.network.front import Plain
from nibblestream.network.recurrent import RECURRENT

pytestmark = pytest.mark.numeric


@pytest.fixture
def model(rng):
    widths = [(40, 30), (20, 40), (3, 20)]
    return FloatModel(
        name="net",
        weights=tuple(rng.normal(0, 0.3, shape) for shape in widths),
        biases=tuple(rng.normal(0, 0.3, out) for out, _ in widths),
        front=Plain(4.0),
        activations=(RELU, TANH, LINEAR),
    )


def in_float32(model, x):
    """The model in float32, and with weights that are off by what rounding them may do."""
    x = x.astype(np.float32)
    for weights, bias, activation in model.layers():
        x = activation(x @ (weights * np.float32(1 + FLOAT32)).T + bias)
    return x.astype(np.float64)


def test_rounding_is_within_the_bound_and_uses_some_of_it(rng, model):
    x = rng.uniform(-4, 4, (200, 30))
    found, bound = outputs(model, x, FLOAT32)
    error = np.abs(found - in_float32(model, x))
    assert (error <= bound).all()
    assert error.max() > 1e-4 * bound.max()
    assert (outputs(model, x)[1] < bound).all()


def test_the_worst_rounding_of_a_sum_is_within_the_bound():
    """One by one, numbers of almost half an LSB are lost."""
    model = FloatModel(
        name="sum",
        weights=(np.ones((1, 100)),),
        biases=(np.zeros(1),),
        front=Plain(),
        activations=(LINEAR,),
    )
    row = np.full((1, 100), 0.99 * FLOAT32, np.float32)
    row[0, 0] = 1

    def one_by_one(x):
        return np.add.accumulate(x.astype(np.float32), axis=1)[:, -1:].astype(np.float64)

    assert one_by_one(row) == 1
    check_equal(model, Original(one_by_one, FLOAT32), [row.astype(np.float64)])


@pytest.mark.parametrize(("factor", "roundoff"), [(1 + 1e-4, 2.0**-53), (1.01, FLOAT32)])
def test_a_difference_is_found(model, factor, roundoff):
    check_equal(model, Original(lambda x: model(x), roundoff))
    with pytest.raises(ValueError, match=r"does not match the original: output .* expected"):
        check_equal(model, Original(lambda x: model(x) * factor, roundoff))
    with pytest.raises(ValueError, match="does not match"):
        check_equal(model, Original(lambda x: model(x) * np.nan, roundoff))


def test_a_difference_at_an_example_is_found(model):
    original = Original(lambda x: model(x) + (x[:, :1] == 50.0))
    check_equal(model, original, [np.full((1, 30), 49.0)])
    with pytest.raises(ValueError, match="does not match"):
        check_equal(model, original, [np.full((1, 30), 50.0)])


def test_random_inputs_are_as_large_as_the_front_says(model):
    seen = []
    check_equal(model, Original(lambda x: (seen.append(np.abs(x).max()), model(x))[1]))
    assert 3.5 < seen[0] <= 4.0


def test_outputs_of_another_shape_are_named(model):
    with pytest.raises(ValueError, match=r"shape \(16, 2\) for inputs of shape \(16, 30\)"):
        check_equal(model, Original(lambda x: model(x)[:, :2]))


def test_softmax_of_the_outputs_is_compared(model):
    def softmax(x):
        powers = np.exp(model(x))
        return powers / powers.sum(axis=1, keepdims=True)

    check_equal(model, Original(softmax, softmax=True))
    with pytest.raises(ValueError, match="does not match"):
        check_equal(model, Original(lambda x: softmax(x) + 1e-4, softmax=True))


@pytest.fixture
def recurrent(rng):
    shapes = [(24, 5), (24, 8), (3, 8)]
    return FloatModel(
        name="net",
        weights=tuple(rng.normal(0, 0.5, shape) for shape in shapes),
        biases=tuple(rng.normal(0, 0.3, out) for out, _ in shapes),
        front=Plain(4.0),
        activations=(LINEAR, RECURRENT, LINEAR),
    )


def of_sequences(run, steps=0, **options):
    """The original of a network that takes one sequence, by its outputs for the rows."""
    return Original(run, layout=Layout((steps,), 0, (5,)), **options)


def test_a_sequence_starts_from_an_empty_state(recurrent, rng):
    x = rng.normal(0, 1, (20, 5))
    check_equal(recurrent, of_sequences(recurrent), [x, x])

    def carried(rows):
        return recurrent(np.concatenate([x[:1], rows]))[1:]

    with pytest.raises(ValueError, match="does not match"):
        check_equal(recurrent, of_sequences(carried))


def test_rounding_of_a_recurrent_layer_has_a_tolerance(recurrent, rng):
    x = rng.uniform(-4, 4, (LONGEST, 5))
    exact, bound = outputs(recurrent, x, FLOAT32)
    in_float32 = recurrent(x.astype(np.float32)).astype(np.float64)
    assert (np.abs(in_float32 - exact) < 0.2 * bound).all()
    assert bound.max() < 1e-3
    check_equal(recurrent, of_sequences(lambda x: recurrent(x) + 0.5 * bound.min()))
    with pytest.raises(ValueError, match="does not match"):
        check_equal(recurrent, of_sequences(lambda x: recurrent(x) + 1.1 * bound.max()), [x])


@pytest.mark.parametrize(("steps", "compared"), [(0, LONGEST), (10, 10), (2 * LONGEST, 150)])
def test_the_first_rows_of_a_sequence_are_compared(recurrent, rng, steps, compared):
    x, seen = rng.normal(0, 1, (150, 5)), []

    def run(rows):
        seen.append(len(rows))
        return recurrent(rows)

    check_equal(recurrent, of_sequences(run, steps), [x, x[:7]])
    assert seen == [steps or 16, compared, 7]
