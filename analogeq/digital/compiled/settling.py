"""Settling, force, tether and clip in one pass over the weights."""

from __future__ import annotations

from analogeq.digital.compiled.jit import jit
from analogeq.digital.compiled.products import Scalar, add_backward, add_both_ways, add_forward
from analogeq.network.network import Floats, Ints


@jit
def euler(
    flat: Floats,
    table: Ints,
    constant: Floats,
    decay: Floats,
    epsilon: Scalar,
    steps: int,
    s: Floats,
    force: Floats,
    first: int,
    last: int,
) -> None:
    """Step samples ``first`` to ``last`` of ``s`` in place; ``force`` is working space."""
    n_nodes = s.shape[1]
    low, high = s.dtype.type(0.0), s.dtype.type(1.0)
    for _ in range(steps):
        for b in range(first, last):
            push, held, now = force[b], constant[b], s[b]
            for j in range(n_nodes):
                push[j] = held[j] - decay[j] * now[j]
        for link in range(len(table)):
            line = table[link]
            matrix = flat[line[4] : line[4] + line[1] * line[3]].reshape((line[1], line[3]))
            add_both_ways(matrix, s, line[0], line[2], force, first, last)
        for b in range(first, last):
            push, now = force[b], s[b]
            for j in range(n_nodes):
                now[j] = min(max(now[j] + epsilon * push[j], low), high)


@jit
def alternate(
    flat: Floats,
    table: Ints,
    layers: Ints,
    constant: Floats,
    decay: Floats,
    gain: Floats,
    sweeps: int,
    s: Floats,
    force: Floats,
    first: int,
    last: int,
) -> None:
    """Move every other layer by ``gain`` times its force, then the rest; ``force`` is working space."""
    for _ in range(sweeps):
        for turn in range(2):
            # The outputs' turn comes first: a nudge reaches two layers further with every sweep.
            parity = (len(layers) + turn) % 2
            pull(flat, table, layers, parity, constant, decay, s, force, first, last)
            place(layers, parity, gain, s, force, first, last)


@jit
def pull(
    flat: Floats,
    table: Ints,
    layers: Ints,
    parity: int,
    constant: Floats,
    decay: Floats,
    s: Floats,
    force: Floats,
    first: int,
    last: int,
) -> None:
    """Write the force on every other layer, from ``parity`` on."""
    for layer in range(parity, len(layers) - 1, 2):
        for b in range(first, last):
            push, held, now = force[b], constant[b], s[b]
            for j in range(layers[layer], layers[layer + 1]):
                push[j] = held[j] - decay[j] * now[j]
    for link in range(len(table)):
        line = table[link]
        matrix = flat[line[4] : line[4] + line[1] * line[3]].reshape((line[1], line[3]))
        if (link + line[5]) % 2 == parity:
            add_backward(matrix, s, line[2], force, line[0], first, last)
        else:
            add_forward(matrix, s, line[0], force, line[2], first, last)


@jit
def place(layers: Ints, parity: int, gain: Floats, s: Floats, force: Floats, first: int, last: int) -> None:
    """Move every other layer, between the rails."""
    low, high = s.dtype.type(0.0), s.dtype.type(1.0)
    for layer in range(parity, len(layers) - 1, 2):
        for b in range(first, last):
            push, now = force[b], s[b]
            for j in range(layers[layer], layers[layer + 1]):
                now[j] = min(max(now[j] + gain[j] * push[j], low), high)
