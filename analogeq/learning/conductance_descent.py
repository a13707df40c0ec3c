"""Steps down the co-content rule, bounded by what a conductance can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analogeq.errors import InputError
from analogeq.learning.co_content import Inside, StageGains, check_two_states, co_content_gradient
from analogeq.network import Block, Network
from analogeq.network.network import Floats


@dataclass(frozen=True)
class ConductanceRates:
    """How far a step goes.

    Attributes
    ----------
    edges : tuple of float
        For the edges into each layer [S²/cost].
    biases : tuple of float
        For the bias currents of each layer [A²/cost].
    """

    edges: tuple[float, ...]
    biases: tuple[float, ...]

    def decayed(self, factor: float) -> ConductanceRates:
        """All rates times ``factor``."""
        return ConductanceRates(
            tuple(rate * factor for rate in self.edges), tuple(rate * factor for rate in self.biases)
        )


@dataclass(frozen=True, eq=False)
class ConductanceDescent:
    """Writes the devices of one circuit.

    Attributes
    ----------
    wiring : Network
        Sources, nodes and conductances.
    low, high : float
        Range of a conductance [S].
    gains : StageGains or None
        Amplifiers.
    tied : mapping of int to ndarray of int
        Block number to a group number for each of its edges: edges of one group move together, by the
        mean of their gradients, as the positions of a shared kernel do.
    tied_biases : ndarray of int, shape (node,), or None
        Group number of each node: bias currents of one group move together, likewise.
    compiled : bool
        Gradient and step in one pass, by the kernels that numba compiles.
    """

    wiring: Network
    low: float
    high: float
    gains: StageGains | None = None
    tied: Mapping[int, np.ndarray] | None = None
    tied_biases: np.ndarray | None = None
    compiled: bool = False

    def step(
        self,
        g: Floats,
        bias_currents: Floats,
        states: tuple[Floats, Floats, Floats],
        span: float,
        rates: ConductanceRates,
        inside: Inside | None = None,
    ) -> None:
        """Move conductances and bias currents in place.

        Parameters
        ----------
        g : ndarray, shape (edge,)
            [S]
        bias_currents : ndarray, shape (node,)
            [A]
        states : tuple of ndarray
            Source voltages, node voltages of the first and of the second state [V].
        span : float
        rates : ConductanceRates
        inside : Inside, optional
            Arrays that settled, where their wires resist.
        """
        n_layers = len(self.wiring.layers)
        _check_count("edges", rates.edges, n_layers)
        _check_count("biases", rates.biases, n_layers)
        free = not self.tied and self.tied_biases is None and inside is None
        if self.compiled and self.gains is None and free and all(b.dense for b in self.wiring.blocks):
            self._in_one_pass(g, bias_currents, states, span, rates)
            return
        gradient = co_content_gradient(self.wiring, *states, span, self.gains, inside)
        for number, block in enumerate(self.wiring.blocks):
            slope = gradient.g[block.edges]
            if self.tied is not None and number in self.tied:
                slope = _shared(slope, self.tied[number])
            g[block.edges] -= rates.edges[block.post - 1] * slope
        np.clip(g, self.low, self.high, out=g)
        pull = gradient.bias_currents
        if self.tied_biases is not None:
            pull = _shared(pull, self.tied_biases)
        for layer, rate in zip(self.wiring.layers, rates.biases, strict=True):
            bias_currents[layer] -= rate * pull[layer]

    def _in_one_pass(
        self,
        g: Floats,
        bias_currents: Floats,
        states: tuple[Floats, Floats, Floats],
        span: float,
        rates: ConductanceRates,
    ) -> None:
        from analogeq.learning.compiled.writing import write

        sources, first, second = states
        check_two_states(sources, first, second, span)
        scale = 1.0 / (span * len(first))
        moved = second - first
        squares = ((-0.5 * scale) * (moved * (second + first)).sum(axis=0)).astype(g.dtype)
        for block in self.wiring.blocks:
            rate = rates.edges[block.post - 1]
            pre, post, by_row = self._factors(block, sources, first, second, rate * scale, g.dtype)
            by_column = (rate * squares[self.wiring.layer(block.post)]).astype(g.dtype)
            if by_row is None:
                by_row = (rate * squares[self.wiring.layer(block.pre)]).astype(g.dtype)
            write(block.view(g), pre, post, by_row, by_column, self.low, self.high)
        for layer, rate in zip(self.wiring.layers, rates.biases, strict=True):
            bias_currents[layer] += (rate * scale) * moved[:, layer].sum(axis=0)

    def _factors(
        self, block: Block, sources: Floats, first: Floats, second: Floats, scale: float, dtype: np.dtype[np.floating]
    ) -> tuple[Floats, Floats, Floats | None]:
        """Rank-one terms of a block's step; the shift by rows is none for sources, which do not move."""
        post = self.wiring.layer(block.post)
        if block.pre == 0:
            step = (scale * (second[:, post] - first[:, post])).astype(dtype)
            return np.ascontiguousarray(sources, dtype=dtype), step, np.zeros(block.shape[0], dtype=dtype)
        pre = self.wiring.layer(block.pre)
        rows = np.concatenate([second[:, pre], first[:, pre]]).astype(dtype)
        columns = np.concatenate([scale * second[:, post], -scale * first[:, post]]).astype(dtype)
        return rows, columns, None


def _shared(slope: Floats, groups: np.ndarray) -> Floats:
    """Mean over each group, given back to its members."""
    count = np.bincount(groups)
    mean: Floats = (np.bincount(groups, weights=slope) / np.maximum(count, 1))[groups].astype(slope.dtype)
    return mean


def _check_count(name: str, rates: Sequence[float], n_layers: int) -> None:
    if len(rates) != n_layers:
        raise InputError(
            f"rates of {name}: {len(rates)} for {n_layers} layers; give one for each layer after the inputs"
        )


def half_kaiming(
    wiring: Network,
    rng: np.random.Generator,
    *,
    low: float = 0.0,
    dtype: type[np.floating] = np.float64,
    tied: Mapping[int, np.ndarray] | None = None,
) -> Floats:
    """Draw conductances as the published resistive networks do: uniform in ±1/sqrt(fan-in), clipped below.

    Half of them start at the low end [1]_ (initialisation of its public code). The fan-in is that of a
    block: the edges into a node that has any in it, on average.

    Parameters
    ----------
    wiring : Network
    rng : numpy.random.Generator
    low : float
        Low end of the range [S].
    dtype : type
    tied : mapping of int to ndarray of int, optional
        As in `ConductanceDescent`: edges of one group start with what was drawn for the first of them.

    References
    ----------
    .. [1] Scellier, ICML 2024, arXiv:2402.11674.
    """
    g = np.empty(wiring.n_edges, dtype=dtype)
    for number, block in enumerate(wiring.blocks):
        limit = np.sqrt(1.0 / _mean_fan_in(block))
        drawn = np.maximum(rng.uniform(-limit, limit, block.edges.stop - block.edges.start), low)
        g[block.edges] = drawn if tied is None or number not in tied else as_the_first(drawn, tied[number])
    return g


def half_in_range(
    wiring: Network,
    rng: np.random.Generator,
    *,
    low: float,
    high: float,
    spread: float,
    dtype: type[np.floating] = np.float64,
    tied: Mapping[int, np.ndarray] | None = None,
) -> Floats:
    """Draw conductances inside a range: half at its low end, half evenly over a share of what is above.

    ``g = low + spread (high - low) max(u, 0)`` with u uniform in ±1. Where `half_kaiming` draws no more than the low
    end, as with an on/off ratio below the square root of the fan-in, all conductances start alike; so then do all
    neurons of a layer and polarity, and learning, which treats them alike, cannot part them. Here they start apart
    whatever the range.

    Parameters
    ----------
    wiring, rng, dtype, tied
        As in `half_kaiming`.
    low, high : float
        Ends of the range [S].
    spread : float
        Share of the range above the low end; in (0, 1].
    """
    g = np.empty(wiring.n_edges, dtype=dtype)
    for number, block in enumerate(wiring.blocks):
        above = np.maximum(rng.uniform(-1.0, 1.0, block.edges.stop - block.edges.start), 0.0)
        drawn = low + spread * (high - low) * above
        g[block.edges] = drawn if tied is None or number not in tied else as_the_first(drawn, tied[number])
    return g


def as_the_first(values: Floats, groups: np.ndarray) -> Floats:
    """Give every member of a group the value of its first."""
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    same: Floats = values[first][group]
    return same


def _mean_fan_in(block: Block) -> float:
    """Edges of a block that end at a node which has any; an edge within a layer ends at both of its nodes."""
    if block.dense:
        return float(block.shape[0])
    rows, cols = block.endpoints()
    ends = np.concatenate([rows, cols]) if block.lateral else cols
    return len(ends) / len(np.unique(ends))
