"""Groups of edges that keep one conductance, carried from what is drawn to what is wired."""

from itertools import groupby, product

import numpy as np
import pytest

from analogeq.circuit.resistive import ResistiveCircuit
from analogeq.circuit.resistive.wiring import wired, wired_groups
from analogeq.errors import InputError
from analogeq.hardware.resistive import ResistiveTechnology
from analogeq.network import (
    LocalLayer,
    Maps,
    MapTopology,
    Network,
    map_graph,
    network_from_graph,
    shared_from_graph,
    with_skip_connections,
)

TOPOLOGY = MapTopology(Maps(1, 4, 4), (LocalLayer(2, 3, shared=True), LocalLayer(2, 1, shared=True)), (2,))


def members(circuit, groups):
    """Names of the edges of each group of each block, in the order of their first edges."""
    found = []
    for number, group in groups.items():
        edges = circuit.wiring.blocks[number].edges
        named = sorted(zip(group.tolist(), range(edges.start, edges.stop), strict=True))
        found += [[circuit.edge_name(e) for _, e in each] for _, each in groupby(named, key=lambda pair: pair[0])]
    return found


@pytest.mark.parametrize(("doubled", "biased"), list(product([False, True], repeat=2)))
def test_every_wired_group_holds_the_copies_of_one_drawn_group(doubled, biased):
    network = network_from_graph(with_skip_connections(map_graph(TOPOLOGY), [(0, 3)]))
    shared = shared_from_graph(map_graph(TOPOLOGY))
    drawn = {0: shared[0], 2: shared[1]}  # the skip from the image to the outputs is block 1
    assert [(network.blocks[k].pre, network.blocks[k].post) for k in drawn] == [(0, 1), (1, 2)]
    technology = ResistiveTechnology(
        inputs="doubled" if doubled else "single", bias_voltage=1.0 if biased else None, bias_currents="none"
    )
    circuit = ResistiveCircuit(network, technology)
    bare = ResistiveCircuit(network, ResistiveTechnology(inputs="single"))
    wanted = {frozenset(names) for names in members(bare, drawn)}
    found = members(circuit, wired_groups(network, drawn, doubled=doubled, biased=biased))
    copies = set()
    for names in found:
        if names[0].startswith("bias"):
            assert len(names) == 1  # bias sources have no kernel
        elif "_minus" in names[0]:
            assert all("_minus" in name for name in names)
            copies.add(frozenset(name.replace("_minus", "") for name in names))
        else:
            assert frozenset(names) in wanted
    assert {frozenset(n) for n in found if "_minus" not in n[0] and not n[0].startswith("bias")} == wanted
    first = {frozenset(names) for names in members(bare, {0: drawn[0]})}
    assert copies == (first if doubled else set())
    wires = wired(network, doubled=doubled, biased=biased)
    for number, group in wired_groups(network, drawn, doubled=doubled, biased=biased).items():
        edges = wires.blocks[number].edges
        assert group.shape == (edges.stop - edges.start,)


def test_groups_of_a_dense_block_of_inputs_are_carried_in_its_order():
    groups = {0: np.array([0, 1, 1, 0])}
    found = wired_groups(Network.layered((2, 2, 1)), groups, doubled=True, biased=True)
    # Rows: x0, x1, -x0, -x1, bias, -bias.
    assert found[0].tolist() == [0, 1, 1, 0, 2, 3, 3, 2, 4, 5, 6, 7]


@pytest.mark.parametrize("doubled", [False, True])
def test_bias_edges_to_one_map_are_a_group_of_their_own(doubled):
    technology = ResistiveTechnology(inputs="doubled" if doubled else "single", bias_voltage=1.0)
    circuit = ResistiveCircuit(TOPOLOGY.network(), technology)
    groups = wired_groups(circuit.network, {}, TOPOLOGY.shared_nodes(), doubled=doubled, biased=True)
    found = {frozenset(names) for names in members(circuit, groups) if names[0].startswith("bias")}
    sources = ["bias", "bias_minus"] if doubled else ["bias"]
    maps = [{f"h{layer}_{4 * c + k}" for k in range(4)} for layer in (1, 2) for c in range(2)]
    assert found == {frozenset(f"{s}-{n}" for n in nodes) for s in sources for nodes in (*maps, {"y0"}, {"y1"})}
    for names in members(circuit, groups):
        assert names[0].startswith("bias") or len(names) == 1  # the image's edges were not tied


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({2: np.zeros(1, dtype=int)}, "tied block 2: this network has blocks 0 to 1"),
        ({0: np.zeros(3, dtype=int)}, r"tied block 0: groups of shape \(3,\).* each of the 4 edges"),
        ({0: np.zeros(4)}, "type float64"),
        ({1: np.array([0, -1])}, "group -1 is below zero"),
    ],
)
def test_groups_that_fit_no_block_are_refused(groups, message):
    with pytest.raises(InputError, match=message):
        wired_groups(Network.layered((2, 2, 1)), groups, doubled=False, biased=False)


def test_groups_of_nodes_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match=r"nodes: groups of shape \(2,\).* each of the 3 nodes"):
        wired_groups(Network.layered((2, 2, 1)), {}, np.zeros(2, dtype=int), doubled=False, biased=True)
