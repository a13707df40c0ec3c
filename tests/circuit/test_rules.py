"""Every rule of the electrical check, each with a circuit that breaks just it."""

from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit import compile_circuit
from analogeq.circuit.elements import (
    Capacitors,
    CurrentConveyors,
    CurrentSources,
    DiodeModel,
    Diodes,
    IdealClamps,
    Instances,
    Resistors,
    Transconductances,
    VoltageAmplifiers,
    VoltageSources,
)
from analogeq.circuit.netlist.cells import flattened
from analogeq.circuit.netlist.hierarchy import cell_hierarchy
from analogeq.circuit.rules import check, require
from analogeq.circuit.schematic import Schematic
from analogeq.errors import ElectricalRuleError, InputError
from analogeq.hardware import IdealClamp, Technology
from analogeq.network import Network


def column(*values):
    return np.array(values, dtype=np.float64)


def at(*nodes):
    return np.array(nodes, dtype=np.intp)


def divider(*more, nodes=(), **changes):
    """A source and two resistors, sound by themselves, and whatever a test adds."""
    ohms = changes.pop("ohms", column(1e3, 2e3))
    names = changes.pop("names", ("r1", "r2"))
    assert not changes
    return Schematic(
        ("0", "supply", "tap", *nodes),
        (
            VoltageSources(("v1",), at((1, 0)), column(1.0)),
            Resistors(names, at((1, 2), (2, 0)), ohms),
            *more,
        ),
    )


def broken(schematic):
    return [violation.rule for violation in check(schematic)]


def test_a_sound_circuit_breaks_no_rule():
    assert check(divider()) == ()
    require(divider())


def test_a_node_behind_a_capacitor_floats():
    (violation,) = check(divider(Capacitors(("c1",), at((2, 3)), column(1e-12), column(0.0)), nodes=("alone",)))
    assert violation.rule == "floating node"
    assert violation.element == "node 'alone'"
    assert "no DC path to ground" in violation.value
    assert "resistor" in violation.remedy


@pytest.mark.parametrize(
    "feeding",
    [
        CurrentSources(("i1",), at((0, 3)), column(1e-6)),
        Transconductances(("g1",), at((0, 3, 1, 0)), column(1e-6)),
        Transconductances(("g1",), at((3, 0, 3, 0)), column(0.0)),
        CurrentConveyors(("f1",), at((0, 3)), ("v1",), column(1.0)),
        VoltageAmplifiers(("e1",), at((2, 0, 3, 0)), column(1.0)),
    ],
    ids=["current source", "transconductance", "conductance of zero", "conveyor", "a control input"],
)
def test_what_carries_no_direct_current_grounds_nothing(feeding):
    schematic = divider(feeding, nodes=("alone",))
    if isinstance(feeding, VoltageAmplifiers):
        # its output drives a node that the divider already ties to ground, through a resistor only
        assert broken(schematic) == ["floating node"]
    else:
        assert broken(schematic) == ["floating node"]


@pytest.mark.parametrize(
    "grounding",
    [
        Transconductances(("g1",), at((3, 0, 3, 0)), column(-1e-6)),
        VoltageAmplifiers(("e1",), at((3, 0, 2, 0)), column(1.0)),
        VoltageSources(("v2",), at((3, 0)), column(0.0)),
        Diodes(("d1",), at((3, 1)), DiodeModel("d", 1e-14, 1.0, 0.0)),
        IdealClamps(("b1",), at((3,)), column(1.0), column(1e4)),
    ],
    ids=["conductance", "amplifier output", "voltage source", "diode", "clamp"],
)
def test_what_carries_direct_current_grounds_a_node(grounding):
    assert check(divider(grounding, nodes=("held",))) == ()


def test_an_island_is_one_violation_that_names_its_nodes():
    island = Resistors(("r3", "r4"), at((3, 4), (4, 5)), column(1.0, 1.0))
    (violation,) = check(divider(island, nodes=("a", "b", "d")))
    assert violation.rule == "floating island"
    assert "'a', 'b', 'd'" in violation.element


def test_two_islands_are_two_violations():
    islands = Resistors(("r3", "r4"), at((3, 4), (5, 6)), column(1.0, 1.0))
    assert broken(divider(islands, nodes=("a", "b", "d", "f"))) == ["floating island", "floating island"]


def test_a_circuit_that_never_touches_ground_is_told_so():
    schematic = Schematic(("0", "a", "b"), (Resistors(("r1",), at((1, 2)), column(1.0)),))
    assert broken(schematic) == ["no ground"]


@pytest.mark.parametrize(
    "second",
    [
        VoltageSources(("v2",), at((1, 0)), column(1.0)),
        VoltageSources(("v2",), at((0, 1)), column(-1.0)),
        VoltageSources(("v2",), at((2, 2)), column(0.0)),
        VoltageAmplifiers(("e2",), at((1, 0, 2, 0)), column(1.0)),
    ],
    ids=["parallel", "reversed", "shorted on itself", "amplifier"],
)
def test_a_loop_of_voltage_sources_names_the_one_that_closes_it(second):
    (violation,) = check(divider(second))
    assert violation.rule == "voltage-source loop"
    assert f"'{second.names[0]}'" in violation.element


def test_a_loop_of_three_sources_is_found_and_a_tree_of_them_is_not():
    tree = VoltageSources(("v2", "v3"), at((3, 1), (4, 3)), column(0.1, 0.1))
    loop = VoltageSources(("v2", "v3"), at((3, 1), (3, 0)), column(0.1, 0.1))
    assert check(divider(tree, nodes=("a", "b"))) == ()
    assert broken(divider(loop, nodes=("a",))) == ["voltage-source loop"]


@pytest.mark.parametrize("ohms", [0.0, -5.0])
def test_a_resistance_is_above_zero(ohms):
    (violation,) = check(divider(ohms=column(1e3, ohms)))
    assert violation.rule == "value not positive"
    assert violation.element == "resistor 'r2'"
    assert violation.value == f"ohms = {ohms!r}"


@pytest.mark.parametrize(
    "element",
    [
        Capacitors(("c1",), at((2, 0)), column(0.0), column(0.0)),
        IdealClamps(("b1",), at((2,)), column(-1.0), column(1e4)),
        IdealClamps(("b1",), at((2,)), column(1.0), column(0.0)),
        Diodes(("d1",), at((2, 0)), DiodeModel("d", 0.0, 1.0, 0.0)),
        Diodes(("d1",), at((2, 0)), DiodeModel("d", 1e-14, 0.0, 0.0)),
        Diodes(("d1",), at((2, 0)), DiodeModel("d", 1e-14, 1.0, -1.0)),
    ],
    ids=["capacitance", "clamp rail", "clamp conductance", "IS", "N", "RS"],
)
def test_other_values_that_physics_wants_positive_are_checked(element):
    assert broken(divider(element)) == ["value not positive"]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_is_finite(value):
    assert broken(divider(CurrentSources(("i1",), at((0, 2)), column(value)))) == ["non-finite value"]


def test_a_diode_models_value_is_finite():
    diode = Diodes(("d1",), at((2, 0)), DiodeModel("d", 1e-14, np.inf, 0.0))
    assert broken(divider(diode)) == ["non-finite value"]


def test_many_bad_values_of_a_table_are_one_violation():
    (violation,) = check(divider(CurrentSources(("i1", "i2", "i3"), at((0, 2), (0, 2), (0, 1)), np.full(3, np.nan))))
    assert violation.element == "current source 'i1' (and 2 more)"


def test_names_that_differ_by_case_collide():
    rules = broken(divider(Resistors(("r3",), at((3, 0)), column(1.0)), nodes=("TAP",)))
    assert rules == ["illegal name", "name collision"]


def test_element_names_are_unique_across_kinds():
    again = Resistors(("r2",), at((2, 0)), column(1.0))
    (violation,) = check(divider(again))
    assert violation.rule == "name collision"
    assert violation.element == "element 'r2'"


def test_an_elements_first_letter_is_its_kinds():
    assert broken(divider(names=("r1", "x2"))) == ["illegal name"]


def test_a_conveyors_sensing_source_exists():
    assert broken(divider(CurrentConveyors(("f1",), at((0, 2)), ("v9",), column(1.0)))) == ["missing reference"]


def test_instances_are_flattened_before_the_check():
    cell = Instances(("x1",), at((2, 0)), "tether", {"g": column(1.0)})
    with pytest.raises(InputError, match="flatten"):
        check(divider(cell))


def test_require_lists_every_violation():
    schematic = divider(Capacitors(("c1",), at((2, 3)), column(-1.0), column(0.0)), nodes=("alone",))
    with pytest.raises(ElectricalRuleError) as raised:
        require(schematic)
    assert len(raised.value.violations) == 2
    assert "node 'alone': no DC path to ground (floating node); connect it" in str(raised.value)


def test_both_renderings_of_a_hopfield_circuit_are_sound(any_case):
    hierarchy = cell_hierarchy(any_case.circuit, any_case.conductances, any_case.drive)
    assert check(flattened(hierarchy.schematic, any_case.circuit.technology)) == ()


@pytest.mark.parametrize(
    ("technology", "quantity"),
    [
        (Technology(unit_conductance=1e-310), "ohms = inf"),
        (Technology(unit_conductance=1e10, clamp=IdealClamp(stiffness=1e300)), "siemens = inf"),
    ],
)
def test_compiling_refuses_values_that_overflow_only_in_the_circuit(technology, quantity):
    with np.errstate(all="ignore"), pytest.raises(ElectricalRuleError, match=quantity):
        compile_circuit(Network.layered((2, 2, 1)), technology)


@pytest.mark.parametrize(
    "name", ["x\n.control", "a b", "9lives", "time", "GND", "été", "a" * 64, "", "{x}", "a;b", "`id`"]
)
def test_compiling_refuses_a_node_name_that_is_not_a_name(name):
    network = replace(Network.layered((1, 1, 1)), names=("x0", name, "y0"))
    with pytest.raises(ElectricalRuleError) as raised:
        compile_circuit(network, Technology())
    assert "illegal name" in str(raised.value)
    assert name in ("",) or "\n.control" not in str(raised.value)


def test_compiling_refuses_node_names_that_differ_by_case():
    network = replace(Network.layered((1, 1, 1)), names=("x0", "Gate", "gate"))
    with pytest.raises(ElectricalRuleError, match="'Gate', 'gate'"):
        compile_circuit(network, Technology())


def test_compiling_folds_case_and_keeps_the_users_names():
    circuit = compile_circuit(replace(Network.layered((1, 1, 1)), names=("X", "H", "Y")), Technology())
    assert circuit.network.names == ("X", "H", "Y")
