r"""The local gradient of circuits made of conductances.

The circuit minimises its co-content P, whose slope by a conductance is half the square of the
voltage across it, so with the output nudged by β times the cost C [1]_

.. math:: \frac{dC}{dg_e} = \lim_{\beta \to 0} \frac{1}{\beta}\Big[\tfrac12 (\Delta v_e^\beta)^2
    - \tfrac12 (\Delta v_e^0)^2\Big], \qquad
    \frac{dC}{dI_j} = -\lim_{\beta \to 0} \frac{v_j^\beta - v_j^0}{\beta}

*Amplifiers.* Let node j drive the edges below it with :math:`A_j v_j` and draw :math:`c_j` times their
current. The currents into node j and into node k below it,

.. math:: F_j = \dots + c_j g_{jk} (v_k - A_j v_j), \qquad F_k = \dots + g_{jk} (A_j v_j - v_k),

are not the slopes of one function: :math:`\partial F_j/\partial v_k = c_j g_{jk}` but
:math:`\partial F_k/\partial v_j = A_j g_{jk}`. Multiplied by factors m they are, if

.. math:: m_j c_j = m_k A_j \quad\Longleftrightarrow\quad m_j = m_k \frac{A_j}{c_j},

with m = 1 at the outputs, where the nudge enters as :math:`-\beta\, \partial C/\partial v`. The
circuit then minimises :math:`\sum_e m_{post(e)} \tfrac12 g_e (A_{pre} v_{pre} - v_{post})^2 + \dots`, and

.. math:: \frac{dC}{dg_e} = m_{post(e)} \lim_{\beta \to 0} \frac1\beta
    \Big[\tfrac12 (\Delta v_e^\beta)^2 - \tfrac12 (\Delta v_e^0)^2\Big],

that is, A/c more for each stage between the edge and the outputs: 16 for A = 4, c = 1/4. Where
nodes of one layer differ in A/c, a node above them would need several factors at once; no function is
minimised, and the rule with their mean is an approximation whose cosine with the true gradient can be
measured (`analogeq.engines.resistive_gradient`).

*Wires.* Where the lines of crossbars resist, :math:`\Delta v_e` is the device's own drop, between the two points inside
the array that it joins; a device still learns from nothing else. Whoever knows the arrays (`Inside`) finds it from
the voltages at their lines' ends.

References
----------
.. [1] Kendall et al., arXiv:2006.01981 (2020); Scellier & Bengio, Front. Comput. Neurosci. 11 (2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from analogeq.errors import InputError
from analogeq.network import Block, Network
from analogeq.network.network import Floats

AT_ONCE = 4096
"""Edges of a sparse block whose voltages are gathered together: what a processor's cache holds of a minibatch."""


@dataclass(frozen=True, eq=False)
class CircuitGradient:
    """Derivatives of the mean cost of a batch.

    Attributes
    ----------
    g : ndarray, shape (edge,)
        By each conductance [cost/S].
    bias_currents : ndarray, shape (node,)
        By each bias current [cost/A].
    """

    g: Floats
    bias_currents: Floats


@dataclass(frozen=True, eq=False)
class StageGains:
    """What amplifiers do to the rule.

    Attributes
    ----------
    voltage : ndarray, shape (node,)
        A of the amplifier behind each node.
    factors : ndarray, shape (node,)
        m: A/c for each stage between the node and the outputs.
    """

    voltage: Floats
    factors: Floats


class Inside(Protocol):
    """Knows the drops across devices that stand between wires; see `analogeq.circuit.resistive.arrays.Arrays`."""

    def products(self, number: int, one: tuple[Floats, Floats], other: tuple[Floats, Floats], /) -> Floats:
        """Drop across each device of a block at some ends' voltages times that at others, summed over the batch."""
        ...


def co_content_gradient(
    wiring: Network,
    sources: Floats,
    first: Floats,
    second: Floats,
    span: float,
    gains: StageGains | None = None,
    inside: Inside | None = None,
) -> CircuitGradient:
    """Estimate the gradient from two settled states, mean over the batch.

    Parameters
    ----------
    wiring : Network
        Sources, nodes and conductances.
    sources : ndarray, shape (batch, source)
        Source voltages [V], the same in both states.
    first, second : ndarray, shape (batch, node)
        Node voltages [V].
    span : float
        Strength of the second state less that of the first; not zero.
    gains : StageGains, optional
        Amplifiers; none if not given.
    inside : Inside, optional
        Arrays whose wires resist; wires are ideal if not given.

    Raises
    ------
    InputError
        If the shapes differ or ``span`` is zero.
    """
    check_two_states(sources, first, second, span)
    scale = 1.0 / (span * len(first))
    g = np.empty(wiring.n_edges, dtype=first.dtype)
    for number, block in enumerate(wiring.blocks):
        factors = 1.0 if gains is None else gains.factors[wiring.layer(block.post)]
        if inside is not None:
            g[block.edges] = _through_wires(wiring, (number, inside), sources, first, second, gains) * (
                scale * _of_edges(factors, block)
            )
        elif block.dense:
            block.view(g)[:] = _dense(wiring, block, sources, first, second, gains) * (scale * factors)
        else:
            g[block.edges] = _sparse(wiring, block, sources, first, second, gains) * (scale * _of_edges(factors, block))
    bias = -scale * (second - first).sum(axis=0)
    return CircuitGradient(g, bias if gains is None else gains.factors * bias)


def _of_edges(factors: Floats | float, block: Block) -> Floats | float:
    return factors if isinstance(factors, float) else factors[block.endpoints()[1]]


def _ends(
    wiring: Network, block: Block, sources: Floats, state: Floats, gains: StageGains | None
) -> tuple[Floats, Floats]:
    """Voltages at both ends of a block's edges."""
    post = state[:, wiring.layer(block.post)]
    if block.pre == 0:
        return sources, post
    layer = wiring.layer(block.pre)
    pre = state[:, layer]
    return (pre if gains is None or block.lateral else pre * gains.voltage[layer]), post


def _dense(
    wiring: Network, block: Block, sources: Floats, first: Floats, second: Floats, gains: StageGains | None
) -> Floats:
    """Sum over the batch of ``½(Δv)²`` of the second state less that of the first."""
    pre1, post1 = _ends(wiring, block, sources, first, gains)
    pre2, post2 = _ends(wiring, block, sources, second, gains)
    if block.pre == 0:
        cross = sources.T @ (post1 - post2)
        own: Floats = 0.5 * ((post2 - post1) * (post2 + post1)).sum(axis=0)
        return cross + own
    cross = pre1.T @ post1 - pre2.T @ post2
    rows = 0.5 * ((pre2 - pre1) * (pre2 + pre1)).sum(axis=0)
    cols = 0.5 * ((post2 - post1) * (post2 + post1)).sum(axis=0)
    total: Floats = cross + rows[:, None] + cols
    return total


def _sparse(
    wiring: Network, block: Block, sources: Floats, first: Floats, second: Floats, gains: StageGains | None
) -> Floats:
    """As `_dense`, edge by edge: ``½(Δv₂² - Δv₁²) = (Δv₂ - Δv₁) ½(Δv₁ + Δv₂)``."""
    rows, cols = block.endpoints()
    pre1, post1 = _ends(wiring, block, sources, first, gains)
    pre2, post2 = _ends(wiring, block, sources, second, gains)
    moved = [np.ascontiguousarray((b - a).T) for a, b in ((pre1, pre2), (post1, post2))]
    middle = [np.ascontiguousarray((0.5 * (a + b)).T) for a, b in ((pre1, pre2), (post1, post2))]
    total = np.empty(len(rows), dtype=first.dtype)
    for start in range(0, len(rows), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        r, c = rows[part], cols[part]
        total[part] = np.einsum("eb,eb->e", moved[0][r] - moved[1][c], middle[0][r] - middle[1][c])
    return total


def _through_wires(
    wiring: Network,
    array: tuple[int, Inside],
    sources: Floats,
    first: Floats,
    second: Floats,
    gains: StageGains | None,
) -> Floats:
    """As `_sparse`, of devices between wires: of linear arrays, whose drops differ by the drops of a difference."""
    number, inside = array
    ends = [_ends(wiring, wiring.blocks[number], sources, state, gains) for state in (first, second)]
    moved, middle = zip(
        *((after - before, 0.5 * (before + after)) for before, after in zip(*ends, strict=True)), strict=True
    )
    return inside.products(number, moved, middle)


def check_two_states(sources: Floats, first: Floats, second: Floats, span: float) -> None:
    """Refuse two states that cannot be compared."""
    if span == 0.0:
        raise InputError("gradient: both states have the same strength; nudge one of them")
    if first.shape != second.shape or len(sources) != len(first):
        raise InputError(
            f"gradient: sources {sources.shape}, first {first.shape} and second {second.shape} are not one batch of "
            "one circuit; pass arrays of the same minibatch"
        )
