"""PyTorch networks of 6 inputs, and whether each is imported or how it is refused."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn
from torch.nn.utils import parametrizations, prune, weight_norm

EQUAL = ""  # the mark of a network that is imported


class Net(nn.Module):
    """A network of 6 inputs by a function of the module and its inputs."""

    def __init__(self, way):
        super().__init__()
        self.fc, self.out, self.way = nn.Linear(6, 6), nn.Linear(6, 3), way
        self.matrix = nn.Parameter(torch.randn(6, 6))
        self.register_buffer("mean", torch.randn(6))
        self.register_buffer("std", torch.rand(6) + 0.5)
        self.attribute = torch.randn(6, 6)

    def forward(self, x):
        return self.way(self, x)


class Viewed(nn.Module):
    """Views by size, parameters used directly, functions instead of modules."""

    def __init__(self):
        super().__init__()
        self.fc, self.factor = nn.Linear(6, 6), nn.Parameter(torch.rand(6))

    def forward(self, x):
        x = x.view(x.size(0), -1)
        return F.linear(torch.clamp(self.fc(x), 0.0, 1.0) * self.factor, self.fc.weight)


def normalised(width):
    """A batch normalisation with statistics and scales of its own."""
    norm = nn.BatchNorm1d(width)
    for tensor in (norm.weight.data, norm.running_var):
        tensor.uniform_(0.8, 1.25)
    for tensor in (norm.bias.data, norm.running_mean):
        tensor.uniform_(-0.3, 0.3)
    return norm


def stack(*middle, inputs=6, hidden=5):
    return nn.Sequential(nn.Linear(inputs, hidden), *middle, nn.Linear(hidden, 3))


def pruned():
    module = stack(nn.ReLU())
    prune.l1_unstructured(module[0], "weight", 0.5)
    module(torch.randn(2, 6))  # leaves weights that deepcopy does not copy
    return module


def with_weight_norm(norm):
    module = nn.Sequential(norm(nn.Linear(6, 5)), nn.ReLU(), nn.Linear(5, 3))
    module(torch.randn(2, 6))
    return module


def large():
    """One weight of 100, and a channel whose normalisation has a bias of 4.5."""
    module = stack(normalised(5), nn.ReLU())
    module[0].weight.data[1, 2], module[1].bias.data[3] = 100, 4.5
    return module


def exported(module, rows=3, **options):
    return torch.export.export(module.eval(), (torch.randn(rows, 6),), **options)


def traced(module):
    return torch.jit.trace(module.eval(), torch.randn(1, 6))


ANY_BATCH = {"dynamic_shapes": ({0: torch.export.Dim("n")},)}
DEPENDS = "its steps depend on the values of its inputs, by an if, a loop or an index"

CASES = {
    # name: how the network is made, and "" or what the refusal says
    "sequential": (lambda: stack(nn.ReLU()), EQUAL),
    "nested": (lambda: nn.Sequential(stack(nn.Sequential(nn.ReLU(), nn.Identity()))), EQUAL),
    "relu in place": (lambda: stack(nn.ReLU(inplace=True)), EQUAL),
    "dropout": (lambda: stack(nn.Dropout(), nn.AlphaDropout(), nn.ReLU()), EQUAL),
    "flatten": (lambda: nn.Sequential(nn.Unflatten(1, (2, 3)), nn.Flatten(), *stack()), EQUAL),
    "batch norm before": (lambda: nn.Sequential(normalised(6), *stack(nn.ReLU())), EQUAL),
    "batch norm after": (lambda: stack(normalised(5), nn.ReLU()), EQUAL),
    "batch norm alone": (lambda: stack(nn.ReLU(), normalised(5), nn.ReLU()), EQUAL),
    "batch norm at the end": (lambda: nn.Sequential(stack(nn.ReLU()), normalised(3)), EQUAL),
    "large weights and biases": (large, EQUAL),
    "ReLU6": (lambda: stack(nn.ReLU6()), EQUAL),
    "Hardtanh": (lambda: stack(nn.Hardtanh(-0.5, 0.25)), EQUAL),
    "Hardsigmoid": (lambda: stack(nn.Hardsigmoid()), EQUAL),
    "LeakyReLU": (lambda: stack(nn.LeakyReLU(0.125)), EQUAL),
    "PReLU": (lambda: stack(nn.PReLU()), EQUAL),
    "Sigmoid, Tanh": (lambda: stack(nn.Sigmoid(), nn.Linear(5, 5), nn.Tanh()), EQUAL),
    "Threshold": (lambda: stack(nn.Threshold(0, 0)), EQUAL),
    "half": (lambda: stack(nn.ReLU()).half(), EQUAL),
    "bfloat16": (lambda: stack(nn.ReLU()).bfloat16(), EQUAL),
    "double": (lambda: stack(nn.ReLU()).double(), EQUAL),
    "scripted": (lambda: torch.jit.script(stack(nn.ReLU(), normalised(5))), EQUAL),
    "scripted views": (lambda: torch.jit.script(Viewed()), EQUAL),
    "traced": (lambda: traced(stack(nn.ReLU(), nn.Dropout())), EQUAL),
    "traced views": (lambda: traced(Viewed()), EQUAL),
    "compiled": (lambda: torch.compile(stack(nn.ReLU())), EQUAL),
    "DataParallel": (lambda: nn.DataParallel(stack(nn.ReLU())), EQUAL),
    "exported": (lambda: exported(stack(nn.ReLU(), normalised(5))), EQUAL),
    "exported for any batch": (lambda: exported(Viewed(), **ANY_BATCH), EQUAL),
    "exported and decomposed": (
        lambda: exported(stack(normalised(5), nn.Hardsigmoid())).run_decompositions(),
        EQUAL,
    ),
    "weight_norm by hooks": (lambda: with_weight_norm(weight_norm), EQUAL),
    "weight_norm": (lambda: with_weight_norm(parametrizations.weight_norm), EQUAL),
    "spectral_norm": (lambda: with_weight_norm(parametrizations.spectral_norm), EQUAL),
    "pruned": (pruned, EQUAL),
    "views by size": (Viewed, EQUAL),
    "functional.linear": (lambda: Net(lambda s, x: F.linear(x, s.matrix, s.mean)), EQUAL),
    "parameters": (lambda: Net(lambda s, x: (x @ s.matrix + s.mean).relu()), EQUAL),
    "a matrix first": (lambda: Net(lambda s, x: (s.matrix @ x.T).relu().T * s.std), EQUAL),
    "a tensor of no module": (lambda: Net(lambda s, x: F.linear(x, s.attribute)), EQUAL),
    "addmm": (lambda: Net(lambda s, x: torch.addmm(s.mean, x, s.matrix, beta=2)), EQUAL),
    "buffers": (lambda: Net(lambda s, x: s.out((x - s.mean) / s.std)), EQUAL),
    "conversions": (lambda: Net(lambda s, x: s.out(x.float() / 255)), EQUAL),
    "computed constants": (lambda: Net(lambda s, x: s.out(x) * torch.tensor([1.0, 2, 3])), EQUAL),
    "rsub": (lambda: Net(lambda s, x: torch.rsub(s.out(x), 1.0)), EQUAL),
    "clamp": (lambda: Net(lambda s, x: s.out(torch.clamp(s.fc(x), min=0))), EQUAL),
    "clamp in place": (lambda: Net(lambda s, x: s.fc(x).mul_(2).clamp_(-1, 1)), EQUAL),
    "max": (lambda: Net(lambda s, x: torch.max(torch.zeros(()), s.fc(x))), EQUAL),
    "minimum": (lambda: Net(lambda s, x: torch.minimum(s.fc(x), torch.ones(6))), EQUAL),
    "clips in a row": (lambda: Net(lambda s, x: F.relu6(s.fc(x) + 3) / 6), EQUAL),
    "negation": (lambda: Net(lambda s, x: -F.relu(-s.fc(x))), EQUAL),
    "slices": (lambda: Net(lambda s, x: s.fc(x)[:, ::2].flip(1)), EQUAL),
    "indices": (lambda: Net(lambda s, x: s.fc(x)[:, [2, 0]]), EQUAL),
    "chunks": (lambda: Net(lambda s, x: s.fc(x).chunk(2, 1)[1]), EQUAL),
    "linear branches": (lambda: Net(lambda s, x: x + s.fc(x)), EQUAL),
    "squeezed": (lambda: nn.Sequential(nn.Linear(6, 1), nn.Flatten(0)), EQUAL),
    "LayerNorm": (lambda: stack(nn.LayerNorm(5)), r"step 1 '1': layer_norm normalises by stat"),
    "GroupNorm": (lambda: stack(nn.GroupNorm(1, 5)), "step 1 '1': group_norm normalises by"),
    "batch statistics": (
        lambda: stack(nn.BatchNorm1d(5, track_running_stats=False)),
        r"'1' \(BatchNorm1d\) keeps no running statistics, so it depends on the batch",
    ),
    "Softmax": (lambda: stack(nn.ReLU(), nn.Softmax(1)), "step 2 '2': softmax .* remove it"),
    "LogSoftmax": (lambda: Net(lambda s, x: F.log_softmax(s.out(x), 1)), "log_softmax .* remove"),
    "GELU": (lambda: stack(nn.GELU()), "step 1 '1': gelu is not supported; expected fully"),
    "Hardswish": (lambda: stack(nn.Hardswish()), "hardswish multiplies computed values"),
    "LeakyReLU of 0.01": (
        lambda: stack(nn.LeakyReLU()),
        "step 1 '1': a leaky ReLU has the slope 0.01; .* for example 1/64 or 1/128",
    ),
    "PReLU by units": (
        lambda: nn.Sequential(nn.Linear(6, 2), _prelu(0.25, 0.5)),
        "has values from 0.25 to 0.5; expected the same for all units",
    ),
    "Conv1d": (
        lambda: nn.Sequential(nn.Unflatten(1, (1, 6)), nn.Conv1d(1, 2, 3), nn.Flatten()),
        "pass example=rows",
    ),
    "recurrent": (lambda: nn.LSTM(6, 3), "the network gives a tuple; expected one tensor"),
    "residual": (lambda: Net(lambda s, x: x + s.fc(x).relu()), "step 2 'add': adds values from"),
    "two ends": (lambda: Net(lambda s, x: (x, s.fc(x))), "gives a tuple; expected one tensor"),
    "gated": (lambda: Net(lambda s, x: s.fc(x) * s.fc(x).sigmoid()), "multiplies two computed"),
    "joined": (lambda: Net(lambda s, x: torch.cat([x, s.fc(x)], 1)), "cat joins branches"),
    "control flow": (lambda: Net(lambda s, x: s.fc(x) if x.sum() > 0 else x), DEPENDS),
    "NumPy": (lambda: Net(lambda s, x: s.fc(torch.tensor(x.numpy()))), "torch.export cannot exp"),
    "other rows": (lambda: Net(lambda s, x: s.fc(x - x.flip(0))), "does not match .* other rows"),
    "noise": (lambda: Net(lambda s, x: s.fc(x) + torch.rand(6)), "does not match the original"),
    "a value of NaN": (lambda: Net(lambda s, x: s.fc(x) * torch.nan), "'mul': holds NaN or inf"),
    "meta": (lambda: nn.Linear(6, 3, device="meta"), "no weights, as it is on the device 'meta'"),
    "lazy": (lambda: nn.LazyLinear(3), "or a lazy layer has not been run"),
    "no copy": (lambda: Net(_ for _ in ()), "cannot be copied to the CPU: cannot pickle 'gen"),
    "two inputs": (lambda: Net(lambda s, x: s.way(s, x, x)), "cannot be run on inputs of shape"),
    "random values": (lambda: Net(lambda s, x: F.dropout(s.fc(x))), "pass training=self.training"),
    "integers": (lambda: Net(lambda s, x: s.fc(x.long().float())), "cast to torch.int64 is not"),
    "too wide": (lambda: nn.Linear(3000, 3), "takes 3000 inputs .* expected 1 to 2048"),
    "no layer": (lambda: nn.Sequential(nn.ReLU()), "pass example=rows, inputs of the network"),
}


def _prelu(*slopes):
    layer = nn.PReLU(len(slopes))
    layer.weight.data = torch.tensor(slopes)
    return layer
