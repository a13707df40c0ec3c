"""Layers of feature maps: every node joined to a window of the maps before, shaped as in a convolution.

A node of a map is numbered channel by channel, row by row: node ``(c, y, x)`` of maps of height H and
width W is number ``(c H + y) W + x`` of its layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analogeq.errors import GraphError
from analogeq.network.network import Block, Ints, Network, check_layer_sizes, layer_names


@dataclass(frozen=True)
class Maps:
    """Shape of a layer.

    Attributes
    ----------
    channels, height, width : int
    """

    channels: int
    height: int
    width: int

    def __post_init__(self) -> None:
        for name in ("channels", "height", "width"):
            _check_least(f"maps: {name}", getattr(self, name), 1)

    @property
    def size(self) -> int:
        """Number of nodes."""
        return self.channels * self.height * self.width


@dataclass(frozen=True)
class LocalLayer:
    """Maps whose nodes each see a square window of all maps before.

    Attributes
    ----------
    channels : int
        Maps of this layer.
    kernel : int
        Side of the window.
    stride : int
        How far the windows of neighbouring nodes are apart.
    padding : int
        How far the first window begins outside of the maps; what is outside has no edge.
    shared : bool
        Whether all nodes of a map are meant to have one kernel (a convolution, kept up by
        averaging updates) instead of conductances of their own.
    """

    channels: int
    kernel: int
    stride: int = 1
    padding: int = 0
    shared: bool = False

    def __post_init__(self) -> None:
        for name, least in (("channels", 1), ("kernel", 1), ("stride", 1), ("padding", 0)):
            _check_least(f"layer of maps: {name}", getattr(self, name), least)
        if self.padding >= self.kernel:
            raise GraphError(
                f"layer of maps: padding {self.padding} is not below kernel {self.kernel}, so some windows would see "
                "nothing; lower the padding"
            )

    def after(self, before: Maps) -> Maps:
        """Shape of this layer behind maps of shape ``before``.

        Raises
        ------
        GraphError
            If no window fits, or some nodes of ``before`` are in none.
        """
        sides = [self._positions(name, getattr(before, name)) for name in ("height", "width")]
        return Maps(self.channels, *sides)

    def _positions(self, name: str, side: int) -> int:
        room = side + 2 * self.padding - self.kernel
        if room < 0:
            raise GraphError(
                f"layer of maps: kernel {self.kernel} is larger than the {name} {side} with padding {self.padding} on "
                "both sides; give a smaller kernel or more padding"
            )
        count = room // self.stride + 1
        covered = (count - 1) * self.stride + self.kernel - self.padding
        if self.stride > self.kernel or covered < side:
            raise GraphError(
                f"layer of maps: kernel {self.kernel}, stride {self.stride} and padding {self.padding} leave out "
                f"part of {name} {side}; choose them so that every node is in a window"
            )
        return count

    def edges(self, before: Maps) -> tuple[Ints, Ints, Ints]:
        """Positions of both ends of each edge, and which number of the kernel it is; by row, then column.

        The kernel's numbers are ordered by own channel, channel before, row and column.
        """
        after = self.after(before)
        shape = (self.channels, after.height, after.width, before.channels, self.kernel, self.kernel)
        own, y, x, channel, ky, kx = np.indices(shape, dtype=np.intp).reshape(6, -1)
        top, left = y * self.stride + ky - self.padding, x * self.stride + kx - self.padding
        there = (top >= 0) & (top < before.height) & (left >= 0) & (left < before.width)
        rows = ((channel * before.height + top) * before.width + left)[there]
        cols = ((own * after.height + y) * after.width + x)[there]
        numbers = (((own * before.channels + channel) * self.kernel + ky) * self.kernel + kx)[there]
        order = np.lexsort((cols, rows))
        return rows[order], cols[order], numbers[order]


@dataclass(frozen=True)
class MapTopology:
    """An image, layers of maps, and fully connected layers, outputs last.

    Attributes
    ----------
    image : Maps
        Shape of the inputs.
    layers : tuple of LocalLayer
        From the image on.
    dense : tuple of int
        Sizes of the fully connected layers after them.
    """

    image: Maps
    layers: tuple[LocalLayer, ...]
    dense: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.dense:
            raise GraphError("maps: no fully connected layer for the outputs; give dense one size at least")
        check_layer_sizes(self.sizes)

    @property
    def maps(self) -> tuple[Maps, ...]:
        """Shape of the image and of every layer of maps."""
        shapes = [self.image]
        for layer in self.layers:
            shapes.append(layer.after(shapes[-1]))
        return tuple(shapes)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Nodes in each layer, inputs first."""
        return (*(maps.size for maps in self.maps), *self.dense)

    def network(self) -> Network:
        """Build the arrays without drawing a graph first; equal to those of `analogeq.network.map_graph`."""
        sizes = self.sizes
        whole = Network.layered(sizes)
        blocks: list[Block] = []
        for pre, shape in enumerate(pairwise(sizes)):
            start = blocks[-1].edges.stop if blocks else 0
            blocks.append(self._block(pre, shape, start))
        return Network(layer_names(sizes), sizes, whole.outputs, tuple(blocks))

    def _block(self, pre: int, shape: tuple[int, int], start: int) -> Block:
        if pre < len(self.layers):
            rows, cols, _ = self.layers[pre].edges(self.maps[pre])
            if len(rows) < shape[0] * shape[1]:
                for array in (rows, cols):
                    array.setflags(write=False)
                return Block(pre, pre + 1, shape, slice(start, start + len(rows)), rows, cols)
        return Block(pre, pre + 1, shape, slice(start, start + shape[0] * shape[1]))

    def shared(self) -> dict[int, Ints]:
        """Block number to the kernel number of each of its edges, for the layers that share a kernel."""
        return {k: layer.edges(self.maps[k])[2] for k, layer in enumerate(self.layers) if layer.shared}

    def shared_nodes(self) -> Ints:
        """Group of each node, shape (node,): nodes of one map of a shared kernel have one bias, others their own."""
        groups: list[Ints] = []
        start = 0
        for k, size in enumerate(self.sizes[1:]):
            own = np.arange(size, dtype=np.intp)
            if k < len(self.layers) and self.layers[k].shared:
                own //= size // self.layers[k].channels
            groups.append(start + own)
            start = int(groups[-1][-1]) + 1
        return np.concatenate(groups)


def _check_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise GraphError(f"{name} {value} is too small; give {least} or more")
