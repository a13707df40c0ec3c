"""Gradients that go straight into the weights: no gradient array is ever formed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analogeq.digital.activation import LocalLoss
from analogeq.digital.arithmetic import Arithmetic
from analogeq.digital.layered import Forward, local_error
from analogeq.digital.weights import LayeredWeights
from analogeq.learning.affine_projection import affine_projection
from analogeq.learning.descent import Ceiling, kept
from analogeq.learning.input_projection import projected_movement
from analogeq.network.network import Floats


def shrink(weights: LayeredWeights, rates: Sequence[float], ridge: float) -> None:
    """Take from every weight what a ridge takes in one step; as `analogeq.learning.descent.Descent`."""
    if ridge > 0.0:
        for held, rate in zip(weights.blocks, rates, strict=True):
            np.multiply(held.matrix, weights.dtype.type(kept(rate, ridge)), out=held.matrix)


def descend_contrast(
    arithmetic: Arithmetic,
    weights: LayeredWeights,
    inputs: Floats,
    states: Floats,
    span: float,
    rates: Sequence[float],
    ceilings: Sequence[Ceiling] = (),
    *,
    projected: bool = False,
) -> int:
    """Take the step of `contrastive_gradient` and `Descent` in place.

    The input block, whose inputs both states share, takes one product; so does every other block,
    both states standing in one array.

    Parameters
    ----------
    inputs : ndarray, shape (batch, input)
    states : ndarray, shape (2·batch, node)
        Signals of the second state, then of the first.
    span : float
        Beta of the second state less beta of the first; not zero.
    rates : sequence of float
        One for each layer after the inputs.
    ceilings : sequence of Ceiling
        One for each block and one for the biases; none where nothing bounds the weights.
    projected : bool
        Take the first layer's step by `analogeq.learning.input_projection`.

    Returns
    -------
    int
        How many weights and biases hit their limit.
    """
    net, n = weights.network, len(inputs)
    moved = states[:n] - states[n:]
    if projected:
        moved[:, net.layers[0]] = projected_movement(inputs, moved[:, net.layers[0]])
    signed = states.copy()
    np.negative(signed[n:], out=signed[n:])
    sums = moved.sum(axis=0)
    for k, (held, layer) in enumerate(zip(weights.blocks, net.layers, strict=True)):
        scale = rates[k] / (span * n)
        if k == 0:
            arithmetic.add_outer(held, inputs, 0, moved, layer.start, scale)
        else:
            arithmetic.add_outer(held, states, net.layers[k - 1].start, signed, layer.start, scale)
        weights.biases[layer] += weights.dtype.type(scale) * sums[layer]
    if not ceilings:
        return 0
    factors = [abs(rate / (span * n)) for rate in rates]
    return _hold(weights, float(np.abs(inputs).max()), moved, factors, ceilings)


def _hold(
    weights: LayeredWeights, peak: float, moved: Floats, factors: Sequence[float], ceilings: Sequence[Ceiling]
) -> int:
    """Clip what may have gone too far; signals lie in [0, 1], so how far the nodes moved bounds every step."""
    along = np.abs(moved).sum(axis=0)
    most = [float(along[layer].max()) for layer in weights.network.layers]
    clipped = 0
    for k, held in enumerate(weights.blocks):
        reach = peak * most[0] if k == 0 else most[k] + most[k - 1]
        clipped += ceilings[k].after(held.matrix, factors[k] * reach)
    return clipped + ceilings[-1].after(weights.biases, max(f * m for f, m in zip(factors, most, strict=True)))


def descend_locally(
    arithmetic: Arithmetic,
    weights: LayeredWeights,
    inputs: Floats,
    forward: Forward,
    settled: Floats,
    rates: Sequence[float],
    loss: LocalLoss = "squared",
) -> None:
    """Take the copy's step down each layer's own loss in place; the pass forward is not run again.

    Parameters
    ----------
    forward : Forward
        Of these inputs with these weights.
    settled : ndarray, shape (batch, node)
        Signals of the settled free phase: the targets.
    loss : {"squared", "matching"}
    """
    error = local_error(forward, settled, loss)
    descend_errors(arithmetic, weights, inputs, forward, error, [rate / len(inputs) for rate in rates])


def project_locally(
    arithmetic: Arithmetic,
    weights: LayeredWeights,
    inputs: Floats,
    forward: Forward,
    settled: Floats,
    rates: Sequence[float],
    loss: LocalLoss = "squared",
) -> None:
    """Take the step of `analogeq.learning.affine_projection` in place; as `descend_locally` otherwise."""
    net = weights.network
    sources = [inputs, *(forward.signals[:, layer] for layer in net.layers[:-1])]
    grams = np.stack([source @ source.T for source in sources]) + 1.0
    turned = affine_projection(grams, local_error(forward, settled, loss), net.layers)
    descend_errors(arithmetic, weights, inputs, forward, turned, rates)


def descend_errors(
    arithmetic: Arithmetic,
    weights: LayeredWeights,
    inputs: Floats,
    forward: Forward,
    error: Floats,
    rates: Sequence[float],
) -> None:
    """Subtract errors times what stands at the other end of each edge, summed over the batch, in place.

    Parameters
    ----------
    error : ndarray, shape (batch, node)
        Slope of whatever is descended by what went into rho.
    """
    net = weights.network
    sums = error.sum(axis=0)
    for k, (held, layer) in enumerate(zip(weights.blocks, net.layers, strict=True)):
        source, at = (forward.signals, net.layers[k - 1].start) if k > 0 else (inputs, 0)
        arithmetic.add_outer(held, source, at, error, layer.start, -rates[k])
        weights.biases[layer] -= weights.dtype.type(rates[k]) * sums[layer]
