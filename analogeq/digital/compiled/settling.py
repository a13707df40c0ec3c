"""Settling, force, tether and clip in one pass over the weights."""

from __future__ import annotations

from analogeq.digital.compiled.jit import jit
from analogeq.digital.compiled.products import add_backward, add_both_ways, add_forward
from analogeq.network.network import Floats, Ints


@jit
def euler(
    flat: Floats,
    table: Ints,
    constant: Floats,
    decay: Floats,
    epsilon: float,
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
    tolerance: float,
    most: int,
    s: Floats,
    force: Floats,
    first: int,
    last: int,
) -> int:
    """Put every other layer where its neighbours want it, in turns, until ``tolerance`` is left; return the sweeps."""
    before = 0.0
    for sweep in range(most):
        change = 0.0
        for parity in range(2):
            pull(flat, table, layers, parity, constant, s, force, first, last)
            change = max(change, place(layers, parity, decay, s, force, first, last))
        ratio = min(change / before, 0.98) if before > 0.0 else 0.5
        if change * ratio <= tolerance * (1.0 - ratio):
            return sweep + 1
        before = change
    return most


@jit
def pull(
    flat: Floats,
    table: Ints,
    layers: Ints,
    parity: int,
    constant: Floats,
    s: Floats,
    force: Floats,
    first: int,
    last: int,
) -> None:
    """Write into ``force`` what acts on every other layer, from ``parity`` on."""
    for layer in range(parity, len(layers) - 1, 2):
        for b in range(first, last):
            force[b, layers[layer] : layers[layer + 1]] = constant[b, layers[layer] : layers[layer + 1]]
    for link in range(len(table)):
        line = table[link]
        matrix = flat[line[4] : line[4] + line[1] * line[3]].reshape((line[1], line[3]))
        if (link + line[5]) % 2 == parity:
            add_backward(matrix, s, line[2], force, line[0], first, last)
        else:
            add_forward(matrix, s, line[0], force, line[2], first, last)


@jit
def place(layers: Ints, parity: int, decay: Floats, s: Floats, force: Floats, first: int, last: int) -> float:
    """Move every other layer where nothing pulls any more; return the largest move."""
    low, high = s.dtype.type(0.0), s.dtype.type(1.0)
    largest = low
    for layer in range(parity, len(layers) - 1, 2):
        for b in range(first, last):
            push, now = force[b], s[b]
            for j in range(layers[layer], layers[layer + 1]):
                wanted = min(max(push[j] / decay[j], low), high)
                largest = max(largest, abs(wanted - now[j]))
                now[j] = wanted
    return largest
