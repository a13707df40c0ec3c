"""From a network's edges to the devices that are there: doubled inputs, bias sources."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analogeq.errors import InputError
from analogeq.network import Block, Network
from analogeq.network.network import Ints


def wired(network: Network, *, doubled: bool, biased: bool) -> Network:
    """Return the network of the sources: its inputs are voltage sources, its edges conductances.

    Sources are the inputs, then the same inputs turned round, then the bias and the bias turned
    round, as far as they are there. The bias reaches every node.
    """
    if not doubled and not biased:
        return network
    n = network.n_inputs
    copies = 2 if doubled else 1
    n_sources = copies * (n + int(biased))
    blocks: list[Block] = []
    start = 0
    for pre, post in _pairs_of_layers(network, biased=biased):
        own = [b for b in network.blocks if (b.pre, b.post) == (pre, post)]
        if pre > 0:
            block = _moved(own[0], start)
        else:
            block = _from_sources(
                own, (n_sources, network.layer_sizes[post]), n, copies, start, biased=biased, post=post
            )
        blocks.append(block)
        start = block.edges.stop
    names = (*_source_names(network, doubled=doubled, biased=biased), *network.node_names)
    return Network(names, (n_sources, *network.layer_sizes[1:]), network.outputs, tuple(blocks))


def wired_groups(
    network: Network, tied: Mapping[int, Ints], nodes: Ints | None = None, *, doubled: bool, biased: bool
) -> dict[int, Ints]:
    """Carry groups of drawn edges that keep one conductance over to the edges of ``wired``.

    Where inputs are doubled those of +x make groups and those of -x others: a kernel's number is the
    difference of two conductances.

    Parameters
    ----------
    network : Network
    tied : mapping of int to ndarray of int
        Block number of ``network`` to a group number for each of the block's edges, as
        `analogeq.network.MapTopology.shared` and `analogeq.network.shared_from_graph` give them.
    nodes : ndarray of int, shape (node,), optional
        Group of each node, as `analogeq.network.MapTopology.shared_nodes` gives them: the bias source's edges
        to nodes of one group keep one conductance. Each is on its own if not given.
    doubled, biased : bool
        As in ``wired``.

    Returns
    -------
    dict of int to ndarray of int
        Block number of the wired network to group numbers, what `ConductanceDescent.tied` takes.

    Raises
    ------
    InputError
        As `check_shared`.
    """
    check_shared(network, tied, nodes)
    drawn = {(b.pre, b.post): b.edges.stop - b.edges.start for b in network.blocks}
    pairs = [(b.pre, b.post) for b in network.blocks]
    given = {pairs[number]: np.asarray(groups, dtype=np.intp) for number, groups in tied.items()}
    carried: dict[int, Ints] = {}
    for number, block in enumerate(wired(network, doubled=doubled, biased=biased).blocks):
        pair = (block.pre, block.post)
        if block.pre > 0:
            if pair in given:
                carried[number] = given[pair]
        elif pair in given or (biased and nodes is not None):
            parts = [given.get(pair, np.arange(drawn.get(pair, 0), dtype=np.intp))]
            if biased:
                layer = network.layer(block.post)
                parts.append(np.arange(block.shape[1], dtype=np.intp) if nodes is None else nodes[layer])
            carried[number] = _side_by_side([part for part in parts for _ in range(2 if doubled else 1)])
    return carried


def _side_by_side(parts: list[Ints]) -> Ints:
    """Join groups that have nothing to do with each other."""
    starts = np.cumsum([0, *(1 + part.max(initial=-1) for part in parts)])
    return np.concatenate([part + start for part, start in zip(parts, starts[:-1], strict=True)])


def check_shared(network: Network, tied: Mapping[int, Ints], nodes: Ints | None) -> None:
    """Check groups of a network's edges and nodes.

    Raises
    ------
    InputError
        If a block is not there, its groups are not one whole number from 0 for each edge, those of nodes not
        one for each node, or nodes of two layers are in one group.
    """
    for number, groups in tied.items():
        if not 0 <= number < len(network.blocks):
            last = len(network.blocks) - 1
            raise InputError(f"tied block {number}: this network has blocks 0 to {last}; choose of them")
        edges = network.blocks[number].edges
        _check_groups(f"tied block {number}", groups, edges.stop - edges.start, "edges")
    if nodes is None:
        return
    _check_groups("nodes", nodes, network.n_nodes, "nodes")
    layers: dict[int, int] = {}
    for number, layer in enumerate(network.layers, start=1):
        for group in np.unique(nodes[layer]).tolist():
            if layers.setdefault(group, number) != number:
                raise InputError(
                    f"nodes: group {group} is in layers {layers[group]} and {number}, which do not learn at one rate; "
                    "number each layer's groups apart"
                )


def _check_groups(name: str, groups: Ints, count: int, kind: str) -> None:
    held = np.asarray(groups)
    if held.shape != (count,) or not np.issubdtype(held.dtype, np.integer):
        raise InputError(
            f"{name}: groups of shape {held.shape} and type {held.dtype}; give one whole number for each of the "
            f"{count} {kind}"
        )
    if held.min() < 0:
        raise InputError(f"{name}: group {int(held.min())} is below zero; number groups from 0")


def _pairs_of_layers(network: Network, *, biased: bool) -> list[tuple[int, int]]:
    pairs = {(b.pre, b.post) for b in network.blocks}
    if biased:
        pairs |= {(0, post) for post in range(1, len(network.layer_sizes))}
    return sorted(pairs)


def _moved(block: Block, start: int) -> Block:
    count = block.edges.stop - block.edges.start
    return Block(block.pre, block.post, block.shape, slice(start, start + count), block.rows, block.cols)


def _from_sources(
    own: list[Block], shape: tuple[int, int], n: int, copies: int, start: int, *, biased: bool, post: int
) -> Block:
    if own and own[0].dense:
        return Block(0, post, shape, slice(start, start + shape[0] * shape[1]))
    rows: list[Ints] = []
    cols: list[Ints] = []
    if own:
        row, col = own[0].endpoints()
        for copy in range(copies):
            rows.append(row + copy * n)
            cols.append(col)
    if biased:
        row, col = np.divmod(np.arange(copies * shape[1], dtype=np.intp), shape[1])
        rows.append(row + copies * n)
        cols.append(col)
    all_rows, all_cols = np.concatenate(rows), np.concatenate(cols)
    order = np.lexsort((all_cols, all_rows))
    return Block(0, post, shape, slice(start, start + len(order)), all_rows[order], all_cols[order])


def _source_names(network: Network, *, doubled: bool, biased: bool) -> tuple[str, ...]:
    names = list(network.input_names)
    taken = {name.lower() for name in network.names}
    given = list(names)
    if doubled:
        given += [_free(f"{name}_minus", taken) for name in names]
    if biased:
        bias = _free("bias", taken)
        given += [bias] + ([_free(f"{bias}_minus", taken)] if doubled else [])
    return tuple(given)


def _free(name: str, taken: set[str]) -> str:
    tried, suffix = name, 0
    while tried.lower() in taken:
        suffix += 1
        tried = f"{name}_{suffix}"
    taken.add(tried.lower())
    return tried
