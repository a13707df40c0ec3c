"""Nodes with exponential devices, each alone behind its load."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native.compiled.jit import jit

Array = NDArray[np.floating]

NEWTON_STEPS = 60


@jit
def odd_exponential(
    load: Array, incoming: Array, guess: Array, prefactor: float, vt: float, middle: float, out: Array, worst: Array
) -> None:
    """Solve ``load·v + prefactor·sinh((v - middle)/vt) = incoming`` for every sample and node.

    Newton from the guess: on the side of the root's sign the function is convex, so that after one
    step the iterates come down on the root; a first step far beyond it is cut where the device
    alone would carry all. ``worst`` is raised to the largest imbalance at the guesses.
    """
    for b in range(incoming.shape[0]):
        most = worst[b]
        for j in range(incoming.shape[1]):
            a = load[j]
            pulled = incoming[b, j] - a * middle
            sign = 1.0 if pulled >= 0.0 else -1.0
            size = sign * pulled
            x = sign * (guess[b, j] - middle) / vt
            grown = np.exp(min(max(x, -300.0), 300.0))
            shrunk = 1.0 / grown
            imbalance = abs(size - a * vt * x - 0.5 * prefactor * (grown - shrunk))
            if imbalance > most:
                most = imbalance
            linear = size / (a * vt) if a > 0.0 else 1e300
            if x < 0.0 or x > linear:
                x = min(max(x, 0.0), linear)
                if x > 2.0:
                    x = min(x, np.log(2.0 * size / prefactor + 1.0))
                grown = np.exp(x)
                shrunk = 1.0 / grown
            for _ in range(NEWTON_STEPS):
                step = (a * vt * x + 0.5 * prefactor * (grown - shrunk) - size) / (
                    a * vt + 0.5 * prefactor * (grown + shrunk)
                )
                x -= step
                if x < 0.0:
                    x = 0.0
                elif step < -1.0:
                    x = min(x, linear)
                    if x > 2.0:
                        x = min(x, np.log(2.0 * size / prefactor + 1.0))
                # The error after a step is some half of its square: at 1e-8 it is below rounding.
                if abs(step) < 1e-8 * (1.0 + x):
                    break
                grown = np.exp(x)
                shrunk = 1.0 / grown
            out[b, j] = middle + sign * vt * x
        worst[b] = most
