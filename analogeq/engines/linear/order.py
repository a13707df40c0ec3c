"""Which layers to eliminate, and in which order."""

from __future__ import annotations

from collections.abc import Sequence

from analogeq.network import Network

_SEARCHED = 12  # layers up to which the best set is searched for; beyond, large ones are taken first

Pairs = set[tuple[int, int]]


def split_layers(network: Network) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Layers (from 1) that are coupled neither inside nor to each other, as many nodes as there can be; the others."""
    coupled = coupled_layers(network)
    sizes = network.layer_sizes
    choices = sorted((k for k in range(1, len(sizes)) if (k, k) not in coupled), key=lambda k: -sizes[k])
    gone = _largest(choices, coupled, sizes) if len(choices) <= _SEARCHED else _greedy(choices, coupled)
    return tuple(sorted(gone)), tuple(k for k in range(1, len(sizes)) if k not in gone)


def elimination_order(network: Network) -> tuple[int, ...]:
    """Every layer: first those of `split_layers`, then whichever fills in least."""
    gone, left = split_layers(network)
    coupled, sizes = coupled_layers(network), network.layer_sizes
    order, remaining = list(gone), set(left)
    for k in gone:
        _fill(coupled, k)
    while remaining:
        cheapest = min(remaining, key=lambda k: (_work(k, remaining, coupled, sizes), k))
        remaining.remove(cheapest)
        _fill(coupled, cheapest)
        order.append(cheapest)
    return tuple(order)


def coupled_layers(network: Network) -> Pairs:
    """Pairs of layers with couplings, in both orders."""
    one_way = {(b.pre, b.post) for b in network.coupling_blocks}
    return one_way | {(b, a) for a, b in one_way}


def _work(k: int, remaining: set[int], coupled: Pairs, sizes: Sequence[int]) -> int:
    beside = sum(sizes[j] for j in remaining if j != k and (k, j) in coupled)
    return sizes[k] * (sizes[k] + beside) ** 2


def _fill(coupled: Pairs, k: int) -> None:
    around = [b for a, b in coupled if a == k and b != k]
    coupled -= {(k, b) for b in around} | {(b, k) for b in around}
    coupled |= {(a, b) for a in around for b in around}


def _largest(choices: Sequence[int], coupled: Pairs, sizes: Sequence[int]) -> list[int]:
    if not choices:
        return []
    first, rest = choices[0], choices[1:]
    apart = [k for k in rest if (first, k) not in coupled]
    taken = [first, *_largest(apart, coupled, sizes)]
    if len(apart) == len(rest):
        return taken
    left = _largest(rest, coupled, sizes)
    return taken if sum(sizes[k] for k in taken) >= sum(sizes[k] for k in left) else left


def _greedy(choices: Sequence[int], coupled: Pairs) -> list[int]:
    taken: list[int] = []
    for k in choices:
        if not any((k, t) in coupled for t in taken):
            taken.append(k)
    return taken
