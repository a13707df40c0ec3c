r"""Neurons whose ideal clamps hold them between levels of their own, as neurons between 0 V and one rail.

With :math:`v_j = l_j + d_j y_j` and :math:`d_j = (u_j - l_j) / V_u` a node between :math:`l_j` and :math:`u_j` is one
between 0 V and the rail again, and the node equation keeps its form:

.. math:: \tau \dot y_j = -a_j y_j + \frac{1}{d_j} \Big( I_j + \sum_i M_{ij} l_i - a_j l_j \Big)
    + \sum_i \frac{d_i M_{ij}}{d_j} y_i

So the kernels, compiled ones too, solve it as any other circuit, exactly and as fast, but for what they gain from
couplings that are the same both ways: those are not, in y.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csc_array, csr_array

from analogeq.circuit import Circuit
from analogeq.engines.native.coupling import Array, Coupling, Link, Matrix
from analogeq.engines.native.problem import Problem
from analogeq.hardware import IdealClamp


@dataclass(frozen=True, eq=False)
class Frame:
    """From voltages to y and back.

    Attributes
    ----------
    lower : ndarray, shape (node,)
        l [V].
    stretch : ndarray, shape (node,)
        d.
    """

    lower: Array
    stretch: Array

    @classmethod
    def of(cls, circuit: Circuit, dtype: np.dtype[np.floating]) -> Frame | None:
        """The frame of a circuit; None where it is none, or where diodes hold its nodes."""
        levels = circuit.clamp_levels
        if levels is None or not isinstance(circuit.technology.clamp, IdealClamp):
            return None
        stretch = (levels.upper - levels.lower) / circuit.technology.rail
        return cls(levels.lower.astype(dtype), stretch.astype(dtype))

    def into(self, voltages: Array) -> Array:
        """Y [V] of node voltages, the last axis over nodes."""
        y: Array = (voltages - self.lower) / self.stretch
        return y

    def out(self, y: Array) -> Array:
        """Node voltages [V]; at the frame's 0 and rail exactly the levels, to rounding."""
        voltages: Array = self.lower + self.stretch * y
        return voltages

    def coupling(self, coupling: Coupling) -> Coupling:
        """M in y."""
        links = tuple(self._link(link) for link in coupling.links)
        return replace(coupling, links=links, symmetric=False)

    def problem(self, bare: Problem, coupling: Coupling) -> Problem:
        """A batch in y.

        Parameters
        ----------
        bare : Problem
            In volts.
        coupling : Coupling
            What `coupling` made of its couplings.
        """
        pulled = bare.coupling.product(self.lower[None])[0] - bare.load * self.lower
        return replace(bare, coupling=coupling, current=(bare.current + pulled) / self.stretch)

    def _link(self, link: Link) -> Link:
        pre, post = self.stretch[link.pre], self.stretch[link.post]
        rows, cols = link.block.endpoints()
        shares = pre[rows] / post[cols]
        there, back = _scaled(link.forward, pre, post, shares), _scaled(link.backward, post, pre, 1.0 / shares)
        return replace(link, forward=there, backward=back)


def _scaled(matrix: Matrix, rows: Array, cols: Array, shares: Array) -> Matrix:
    """Multiply rows and divide columns; a sparse matrix holds its values in the order of the block's edges."""
    if isinstance(matrix, np.ndarray):
        scaled: Array = rows[:, None] * matrix / cols
        return scaled
    copy: csr_array | csc_array = matrix.copy()
    copy.data = copy.data * shares
    return copy
