r"""Steps of a circuit's first conductances that a minibatch's common inputs do not slow down.

Between the two states of equilibrium propagation a node fed by the inputs moves by :math:`\Delta s`, and its
plain step is :math:`\Delta W = \eta X^T \Delta s / (B \beta)`: a gradient step of the regression of
:math:`\Delta s / \beta` on the inputs X. Pixels are never negative, so samples are alike along one direction;
it bounds the rate, and all others are learned slowly. As for the copy (`analogeq.learning.affine_projection`)

.. math:: \Delta W = \eta\, X^T \Big(X X^T + \gamma\, \tfrac{\mathrm{tr}\,X X^T}{B}\, 1\Big)^{-1} \Delta s / \beta

takes the least step that moves the minibatch's nodes that far, with a 1 beside the inputs for the bias. A node
needs its own movement and the minibatch's inputs, nothing of another node. Blocks between nodes keep
their plain step: there both ends move, and it is no regression.
"""

from __future__ import annotations

from analogeq.errors import InputError
from analogeq.learning.affine_projection import affine_projection
from analogeq.network import Network, Parameters
from analogeq.network.network import Floats


def projected_movement(inputs: Floats, moved: Floats) -> Floats:
    """Turn how far nodes moved into what makes their plain step the projection.

    Parameters
    ----------
    inputs : ndarray, shape (batch, input)
    moved : ndarray, shape (batch, node)
        Nodes that the inputs feed; signals of the second state less those of the first.

    Returns
    -------
    ndarray, shape (batch, node)
    """
    grams = (inputs @ inputs.T + 1.0)[None]
    return len(inputs) * affine_projection(grams, moved, (slice(0, moved.shape[1]),))


def project_inputs(
    network: Network, gradient: Parameters, inputs: Floats, first: Floats, second: Floats, span: float
) -> None:
    """Put the projection in place of a contrastive gradient's input blocks and of the biases of the layers they feed.

    Parameters
    ----------
    gradient : Parameters
        As `analogeq.learning.contrastive_gradient` gives it for the other arguments; written.
    """
    scale = -1.0 / (span * len(inputs))
    for block in network.input_blocks:
        layer = network.layer(block.post)
        turned = projected_movement(inputs, second[:, layer] - first[:, layer])
        block.view(gradient.weights)[:] = scale * (inputs.T @ turned)
        gradient.biases[layer] = scale * turned.sum(axis=0)


def check_projectable(network: Network) -> None:
    """Refuse a network in which nodes of one layer see different inputs."""
    for block in network.input_blocks:
        if not block.dense:
            raise InputError(
                f"circuit_optimizer affine-projection: the inputs reach layer {block.post} through some edges only, so "
                "its nodes have no minibatch in common; use plain"
            )
