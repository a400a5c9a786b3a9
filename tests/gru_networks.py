"""PyTorch networks of 7 inputs and 3 outputs with a GRU between linear layers."""

from __future__ import annotations

import torch
from torch import nn


class Recurs(nn.Module):
    """A linear layer, a GRU or what `kind` is, and a linear layer, or another way through them."""

    def __init__(self, way=None, *, kind=nn.GRU, layers=1, **options):
        super().__init__()
        options.setdefault("batch_first", True)
        self.fc = nn.Linear(7, 5)
        self.gru = kind(5, 4, layers, dropout=0.1 if layers > 1 else 0.0, **options)
        self.out = nn.Linear(8 if options.get("bidirectional") else 4, 3)
        self.way = way
        for parameter in self.gru.parameters():
            parameter.data *= 2

    def forward(self, x):
        if self.way is not None:
            return self.way(self, x)
        y, _ = self.gru(torch.relu(self.fc(x)))
        return self.out(y)


class Outputs(nn.Module):
    """The outputs of a GRU without its state, for nn.Sequential."""

    def __init__(self, gru):
        super().__init__()
        self.gru = gru

    def forward(self, x):
        y, _ = self.gru(x)
        return y


def transposed(net, x):
    """A GRU that takes time first, in a network that takes the batch first."""
    y, _ = net.gru(torch.relu(net.fc(x)).transpose(0, 1))
    return net.out(y.transpose(0, 1))


def viewed(net, x):
    """Linear layers on steps and batch in one dimension."""
    batch, steps, inputs = x.shape
    x = torch.relu(net.fc(x.reshape(batch * steps, inputs))).view(batch, steps, -1)
    return torch.sigmoid(net.out(net.gru(x)[0]))


def last(net, x):
    """The outputs of the last step."""
    return net.out(net.gru(net.fc(x))[0][:, -1])


def state(net, x):
    """The state of the last layer, after the last step."""
    return net.out(net.gru(net.fc(x))[1][-1])


def started(net, x):
    """A GRU with a state given."""
    first = torch.ones(1, x.shape[0], 4, dtype=x.dtype)
    return net.out(net.gru(net.fc(x), first)[0])


def around(net, x):
    """A connection around the GRU."""
    x = net.fc(x)
    return net.out(net.gru(x)[0] + x[..., :4])


def backwards(net, x):
    """Steps in reverse order."""
    return net.out(net.gru(net.fc(x).flip(1))[0])
