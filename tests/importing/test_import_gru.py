"""GRUs from PyTorch: the outputs of sequences are the module's, or the module is refused."""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from gru_networks import (
    Outputs,
    Recurs,
    around,
    backwards,
    last,
    started,
    state,
    transposed,
    viewed,
)
from nibblestream import Predictor, quantize
from nibblestream.importing import from_torch
from nibblestream.network.activation import LINEAR, RELU, SIGMOID, TANH
from nibblestream.network.front import Plain
from nibblestream.network.recurrent import RECURRENT

pytestmark = pytest.mark.numeric

ONE = (RELU, LINEAR, RECURRENT, LINEAR)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(4)


def quiet(make, *args):
    with warnings.catch_warnings():  # of torch.jit, deprecated, and of torch.export on GRUs
        warnings.simplefilter("ignore")
        return make(*args)


def outputs(module, x, dim):
    """The module's outputs (n, 3) for one sequence (n, 7), with a batch in dimension `dim`."""
    given = torch.from_numpy(x) if dim is None else torch.from_numpy(x).unsqueeze(dim)
    with torch.no_grad():
        found = copy.deepcopy(module).eval().double()(given)
    return found.numpy().reshape(len(x), -1)


CASES = {  # the module, the dimension of the batch in its inputs, and the activations
    "a batch first": (lambda: Recurs(), 0, ONE),
    "time first": (lambda: Recurs(batch_first=False), 1, ONE),
    "no batch": (lambda: Recurs(), None, ONE),
    "no biases": (lambda: Recurs(bias=False), 0, ONE),
    "two layers": (lambda: Recurs(layers=2), 0, (*ONE[:3], LINEAR, RECURRENT, LINEAR)),
    "in training mode": (lambda: Recurs(layers=2).train(), 0, (*ONE[:3], *ONE[1:])),
    "transposed": (lambda: Recurs(transposed, batch_first=False), 0, ONE),
    "viewed": (lambda: Recurs(viewed), 0, (*ONE[:3], SIGMOID)),
    "alone": (lambda: Outputs(nn.GRU(7, 3)), 1, (LINEAR, RECURRENT)),
    "in Sequential": (
        lambda: nn.Sequential(
            nn.Linear(7, 9),
            Outputs(nn.GRU(9, 8)),
            nn.Tanh(),
            Outputs(nn.GRU(8, 6)),
            nn.Linear(6, 3),
        ),
        1,
        (LINEAR, RECURRENT, TANH, LINEAR, RECURRENT, LINEAR),
    ),
    "in double": (lambda: Recurs().double(), 0, ONE),
    "in half": (lambda: Recurs().half(), 0, ONE),
    "compiled": (lambda: torch.compile(Recurs()), None, ONE),
}


@pytest.mark.parametrize("case", CASES)
def test_each_way_is_equal(rng, case):
    make, dim, activations = CASES[case]
    module = quiet(make)
    model = from_torch(module)
    x = rng.normal(0, 2, (40, 7))
    expected = outputs(getattr(module, "_orig_mod", module), x, dim)
    assert model.activations == activations
    np.testing.assert_allclose(model(x), expected, atol=1e-5)


def test_a_traced_module(rng):
    module = Recurs()
    traced = quiet(torch.jit.trace, module.eval(), torch.zeros(1, 5, 7))
    x = rng.normal(0, 2, (40, 7))
    np.testing.assert_allclose(from_torch(traced)(x), outputs(module, x, 0), atol=1e-5)


@pytest.mark.parametrize("steps", [6, 40])
def test_an_exported_program_takes_as_many_steps_as_it_was_exported_for(rng, steps):
    module = Recurs(layers=2).eval()
    program = quiet(torch.export.export, module, (torch.zeros(1, steps, 7),))
    x = rng.normal(0, 2, (20, 7))
    model = from_torch(program, example=x)
    np.testing.assert_allclose(model(x), outputs(module, x, 0), atol=1e-5)
    assert model.front == Plain.seen(x)


def test_two_matrices_are_two_layers_with_rows_by_unit():
    module = Outputs(nn.GRU(7, 3))
    model = from_torch(module)
    for side, weights, bias in zip(("ih", "hh"), model.weights, model.biases, strict=True):
        for array, name in ((weights, f"weight_{side}_l0"), (bias, f"bias_{side}_l0")):
            blocks = getattr(module.gru, name).detach().numpy()  # all of r, of z, of n
            for gate in range(3):
                np.testing.assert_array_equal(array[gate::3], blocks[3 * gate : 3 * gate + 3])


@pytest.mark.parametrize(
    ("shape", "batch_first"),
    [((30, 7), True), ((5, 6, 7), True), ((6, 5, 7), False), ((30, 7), False)],
)
def test_examples_are_a_sequence_or_what_the_module_takes(rng, shape, batch_first):
    example = rng.uniform(-3, 3, shape)
    model = from_torch(Recurs(batch_first=batch_first), example=example)
    assert model.front == Plain.seen(example.reshape(-1, 7))
    assert from_torch(Recurs(viewed), example=example.reshape(-1, 7)).front == model.front


REFUSED = {
    "bidirectional": (lambda: Recurs(bidirectional=True), "'gru': reads sequences from both ends"),
    "an LSTM": (
        lambda: Recurs(kind=nn.LSTM),
        "'gru': lstm keeps a state .*; expected a GRU in one",
    ),
    "an RNN": (lambda: Recurs(kind=nn.RNN), "'gru': rnn_tanh keeps a state"),
    "projections": (lambda: Outputs(nn.LSTM(7, 4, proj_size=3)), "'gru': lstm keeps a state"),
    "the last step": (
        lambda: Recurs(last),
        r"shape \(1, 3\) for a sequence .*outputs of all steps",
    ),
    "the last state": (lambda: Recurs(state), "'gru': output 1 is the last state of a GRU, or"),
    "a first state": (
        lambda: Recurs(started),
        "'gru': starts from a state that is not zero; .* out",
    ),
    "around it": (lambda: Recurs(around), "adds values from before and after an activation"),
    "backwards": (lambda: Recurs(backwards), "does not match the original: .* on other rows"),
    "alone": (lambda: nn.GRU(7, 4), "gives a tuple; expected one tensor, the outputs of all steps"),
    "rows as a batch": (
        lambda: Recurs(lambda net, x: net.out(net.gru(net.fc(x).unsqueeze(1))[0]).squeeze(1)),
        "no output depends on rows before.* expected inputs",
    ),
    "one step": (
        lambda: Recurs(lambda net, x: nn.GRUCell(5, 3, dtype=x.dtype)(net.fc(x))),
        "gru_cell computes one step and keeps no state: use a GRU over whole",
    ),
    "steps that differ": (
        lambda: Recurs(lambda net, x: net.out(net.gru(x[..., :5] * torch.rand(4, 1))[0])),
        r"'gru': takes inputs of shape \(1, 4, 5\) where the network takes one row",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_layer_computes_is_refused(rng, case):
    make, message = REFUSED[case]
    example = None if case in ("alone", "rows as a batch", "one step") else np.ones((2, 4, 7))
    with pytest.raises(ValueError, match=message) as error:
        from_torch(make(), example=example)
    assert "\n" not in str(error.value)


def test_a_program_in_training_mode_is_refused():
    program = quiet(torch.export.export, Recurs(layers=2).train(), (torch.zeros(1, 6, 7),))
    with pytest.raises(ValueError, match="'gru': drops values at random"):
        from_torch(program)


def test_it_can_be_quantized(rng):
    x = rng.normal(0, 1, (300, 7))
    model = from_torch(Recurs(layers=2), example=x)
    errors = []
    for bits in (4, 8):
        with Predictor(quantize(model, "u", bits)) as net:
            errors.append(np.std(net.predict(x) - model(x)))
    assert errors[1] < 0.25 * errors[0] < 0.25 * model(x).std()
