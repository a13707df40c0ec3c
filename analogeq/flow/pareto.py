"""Which of several designs no other is better than."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.errors import InputError


def pareto_front(costs: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Tell which designs are on the Pareto front.

    A design is off it if another is at most as costly in everything and less so in something; of equal designs all
    are on it.

    Parameters
    ----------
    costs : ndarray, shape (design, objective)
        Less is better.

    Returns
    -------
    ndarray of bool, shape (design,)

    Raises
    ------
    InputError
        If the costs are no table of numbers.
    """
    if costs.ndim != 2 or np.isnan(costs).any():
        raise InputError(f"costs of shape {costs.shape}: give a table of numbers, one row a design, without NaN")
    on_front = np.ones(len(costs), dtype=bool)
    for k, own in enumerate(costs):
        beaten = (costs <= own).all(axis=1) & (costs < own).any(axis=1)
        on_front[k] = not beaten.any()
    return on_front
