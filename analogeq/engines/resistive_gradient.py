r"""The true gradient of a settled resistive circuit's cost, by one adjoint solve.

With F the net currents into the nodes and J = -∂F/∂v, an operating point moves with a parameter
by :math:`J^{-1} \partial F/\partial\theta`, so with :math:`J^T \lambda = \partial C/\partial v`

.. math:: \frac{dC}{dg_{jk}} = (\lambda_k - c_j \lambda_j)(A_j v_j - v_k), \qquad
    \frac{dC}{dg_{sk}} = \lambda_k (u_s - v_k), \qquad \frac{dC}{dI_j} = \lambda_j .

Nothing has to be symmetric for that, so it holds where amplifiers leave no energy function. Nodes
that an ideal diode holds do not move; at the very corner of a device there is no gradient. Where wires resist,
:math:`(A_j v_j, v_k)` and :math:`(c_j \lambda_j, \lambda_k)` stand at the ends of an array's lines, and what is
multiplied is the drops that they make across the device inside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, diags_array
from scipy.sparse.linalg import splu

from analogeq.circuit import Drive
from analogeq.circuit.resistive import ResistiveCircuit, ResistiveConductances
from analogeq.circuit.resistive.arrays import Arrays
from analogeq.circuit.resistive.convexity import linear_matrix
from analogeq.circuit.resistive.laws import device_currents, loads

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ExactGradient:
    """Derivatives of the mean cost of a batch.

    Attributes
    ----------
    g : ndarray, shape (edge,)
        [cost/S]
    bias_currents : ndarray, shape (node,)
        [cost/A]
    """

    g: Doubles
    bias_currents: Doubles


def exact_gradient(
    circuit: ResistiveCircuit,
    conductances: ResistiveConductances,
    drive: Drive,
    voltages: Doubles,
    slope: NDArray[np.floating],
) -> ExactGradient:
    """Differentiate the mean cost at operating points.

    Parameters
    ----------
    circuit : ResistiveCircuit
    conductances : ResistiveConductances
    drive : Drive
        What the circuit settled under.
    voltages : ndarray, shape (batch, node)
        Where it settled [V].
    slope : ndarray, shape (batch, output)
        Derivative of each sample's cost by its output voltages [cost/V].
    """
    adjoint = adjoint_voltages(circuit, conductances, drive, voltages, slope) / len(voltages)
    wires = circuit.wiring
    sources = circuit.source_voltages(drive.inputs)
    if (arrays := circuit.arrays(conductances)) is not None:
        return ExactGradient(_inside(circuit, arrays, sources, voltages, adjoint), adjoint.sum(axis=0))
    g = np.empty(wires.n_edges)
    for block in wires.blocks:
        rows, cols = block.endpoints()
        post = wires.layer(block.post)
        pull, ends = adjoint[:, post][:, cols], voltages[:, post][:, cols]
        if block.pre == 0:
            drop = sources[:, rows] - ends
        else:
            pre = wires.layer(block.pre)
            pull = pull - (adjoint * circuit.current_gains)[:, pre][:, rows]
            drop = (voltages * circuit.voltage_gains)[:, pre][:, rows] - ends
        g[block.edges] = (pull * drop).sum(axis=0)
    return ExactGradient(g, adjoint.sum(axis=0))


def _inside(
    circuit: ResistiveCircuit, arrays: Arrays, sources: NDArray[np.floating], voltages: Doubles, adjoint: Doubles
) -> Doubles:
    """Derivatives by devices that stand between wires, shape (edge,)."""
    net, g = circuit.wiring, np.empty(circuit.wiring.n_edges)
    for number, block in enumerate(net.blocks):
        post = net.layer(block.post)
        if block.pre == 0:
            upper, pull = sources, np.zeros_like(sources)
        else:
            pre = net.layer(block.pre)
            upper, pull = (voltages * circuit.voltage_gains)[:, pre], (adjoint * circuit.current_gains)[:, pre]
        g[block.edges] = -arrays.products(number, (pull, adjoint[:, post]), (upper, voltages[:, post]))
    return g


def adjoint_voltages(
    circuit: ResistiveCircuit,
    conductances: ResistiveConductances,
    drive: Drive,
    voltages: Doubles,
    slope: NDArray[np.floating],
) -> Doubles:
    """Solve the transposed linearised circuit for each sample: lambda, shape (batch, node) [cost/A]."""
    matrix = linear_matrix(circuit, conductances, loads(circuit, conductances, drive))
    _, stiffness = device_currents(circuit, voltages)
    sign, lowest = circuit.polarity, circuit.technology.device.lowest
    adjoint = np.zeros_like(voltages)
    for sample, v in enumerate(voltages):
        free = np.flatnonzero((sign == 0.0) | (sign * v > lowest))
        right = np.zeros(len(v))
        right[circuit.network.outputs] = slope[sample]
        local = csc_array(matrix + diags_array(stiffness[sample], format="csc"))
        transposed = csc_array(local[free][:, free].T)
        adjoint[sample, free] = splu(transposed).solve(right[free])
    return adjoint
