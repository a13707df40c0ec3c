"""The checked array form of a network graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analogeq.errors import GraphError

Floats = NDArray[np.floating]
Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Block:
    """All edges between two layers, a contiguous run of the network's edge vector.

    Attributes
    ----------
    pre, post : int
        Layers joined, ``pre <= post``; layer 0 holds the inputs. ``pre == post`` is a lateral
        block, in which each undirected edge stands once (``row < col``).
    shape : tuple of int
        Sizes of the two layers.
    edges : slice
        Where the block's edges stand in an edge vector, sorted by row, then column.
    rows, cols : ndarray of int or None
        Positions inside the two layers; None when every pair is joined (a *dense* block).
    """

    pre: int
    post: int
    shape: tuple[int, int]
    edges: slice
    rows: Ints | None = None
    cols: Ints | None = None

    @property
    def dense(self) -> bool:
        """Whether every pair of nodes of the two layers is joined."""
        return self.rows is None

    @property
    def lateral(self) -> bool:
        """Whether the block joins nodes of one layer."""
        return self.pre == self.post

    def matrix(self, values: Floats) -> Floats | csr_array:
        """Show this block of an edge vector as a matrix of ``shape``.

        A dense block is a view, so writing to it writes to ``values``; any other is a sparse copy.
        """
        if self.rows is None:
            return self.view(values)
        return csr_array((values[self.edges], (self.rows, self.cols)), shape=self.shape)

    def view(self, values: Floats) -> Floats:
        """Show this block of an edge vector, if it is dense, as a writable view of ``shape``."""
        return values[self.edges].reshape(self.shape)

    def endpoints(self) -> tuple[Ints, Ints]:
        """Positions of both ends of each edge inside their layers, each of shape (edge,)."""
        if self.rows is not None and self.cols is not None:
            return self.rows, self.cols
        rows, cols = np.divmod(np.arange(self.shape[0] * self.shape[1], dtype=np.intp), self.shape[1])
        return rows, cols


@dataclass(frozen=True, eq=False)
class Network:
    """Nodes in layers and edges in blocks: what a circuit is compiled from.

    Nodes are numbered inputs first, then layer by layer. *Neurons* are the nodes that are not
    inputs; arrays with a ``node`` axis hold the neurons, in this order.

    Attributes
    ----------
    names : tuple of str
        Node names, inputs first.
    layer_sizes : tuple of int
        Nodes in each layer; entry 0 counts the inputs.
    outputs : ndarray of int, shape (output,)
        Positions of the outputs on the ``node`` axis.
    blocks : tuple of Block
        The edges, ordered by ``(pre, post)``.
    """

    names: tuple[str, ...]
    layer_sizes: tuple[int, ...]
    outputs: Ints
    blocks: tuple[Block, ...]

    @classmethod
    def layered(cls, sizes: Sequence[int]) -> Network:
        """Build a fully connected layered network without drawing its graph first.

        Equal to ``network_from_graph(layered_graph(sizes))``, which for 784-500-10 takes about a
        second.

        Parameters
        ----------
        sizes : sequence of int
            Inputs, hidden layers, outputs.

        Raises
        ------
        GraphError
            If there are fewer than two layers or one is empty.
        """
        checked = check_layer_sizes(sizes)
        blocks, start = [], 0
        for pre, (n_pre, n_post) in enumerate(pairwise(checked)):
            stop = start + n_pre * n_post
            blocks.append(Block(pre, pre + 1, (n_pre, n_post), slice(start, stop)))
            start = stop
        n_nodes = sum(checked[1:])
        outputs = np.arange(n_nodes - checked[-1], n_nodes, dtype=np.intp)
        outputs.setflags(write=False)
        return cls(layer_names(checked), checked, outputs, tuple(blocks))

    @property
    def n_inputs(self) -> int:
        """Number of input nodes."""
        return self.layer_sizes[0]

    @property
    def n_nodes(self) -> int:
        """Number of neurons: hidden and output nodes, the unknowns of the circuit."""
        return sum(self.layer_sizes[1:])

    @property
    def n_outputs(self) -> int:
        """Number of output nodes."""
        return len(self.outputs)

    @property
    def n_edges(self) -> int:
        """Length of an edge vector."""
        return self.blocks[-1].edges.stop if self.blocks else 0

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the inputs."""
        return self.names[: self.n_inputs]

    @property
    def node_names(self) -> tuple[str, ...]:
        """Names along the ``node`` axis."""
        return self.names[self.n_inputs :]

    @cached_property
    def layers(self) -> tuple[slice, ...]:
        """Where layers 1, 2, … stand on the ``node`` axis; ``layers[k - 1]`` is layer ``k``."""
        stops = np.cumsum(self.layer_sizes[1:])
        return tuple(slice(int(b - n), int(b)) for b, n in zip(stops, self.layer_sizes[1:], strict=True))

    def layer(self, index: int) -> slice:
        """Where layer ``index`` (1 or more) stands on the ``node`` axis."""
        return self.layers[index - 1]

    @cached_property
    def input_blocks(self) -> tuple[Block, ...]:
        """Blocks that start at the inputs."""
        return tuple(b for b in self.blocks if b.pre == 0)

    @cached_property
    def coupling_blocks(self) -> tuple[Block, ...]:
        """Blocks that join neurons to neurons; each acts both ways."""
        return tuple(b for b in self.blocks if b.pre > 0)

    def same_as(self, other: Network) -> bool:
        """Whether both have the same nodes and edges, by name and in the same order."""
        return (
            self.names == other.names
            and self.layer_sizes == other.layer_sizes
            and np.array_equal(self.outputs, other.outputs)
            and len(self.blocks) == len(other.blocks)
            and all(_same_block(mine, theirs) for mine, theirs in zip(self.blocks, other.blocks, strict=True))
        )

    @property
    def is_layered(self) -> bool:
        """Whether every block is dense and joins one layer to the next."""
        return all(b.dense and b.post == b.pre + 1 for b in self.blocks) and len(self.blocks) == (
            len(self.layer_sizes) - 1
        )


def _same_block(one: Block, other: Block) -> bool:
    if (one.pre, one.post, one.shape, one.edges) != (other.pre, other.post, other.shape, other.edges):
        return False
    pairs = zip(one.endpoints(), other.endpoints(), strict=True)
    return one.dense == other.dense and all(np.array_equal(mine, theirs) for mine, theirs in pairs)


def check_layer_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return ``sizes`` as a tuple of ints, or say which layer cannot be built."""
    checked = tuple(int(n) for n in sizes)
    if len(checked) < 2:
        raise GraphError(f"layer sizes {checked}: a network needs at least inputs and outputs; give two sizes or more")
    for index, size in enumerate(checked):
        if size < 1:
            raise GraphError(
                f"layer {index}: size {size}; an empty layer cuts the network in two; give at least 1 node"
            )
    return checked


def layer_names(sizes: Sequence[int]) -> tuple[str, ...]:
    """Name nodes by layer: x0, x1, … for inputs, h1_0, … for hidden layer 1, y0, … for outputs."""
    names = [f"x{i}" for i in range(sizes[0])]
    for k, size in enumerate(sizes[1:-1], start=1):
        names += [f"h{k}_{i}" for i in range(size)]
    return tuple(names + [f"y{i}" for i in range(sizes[-1])])
