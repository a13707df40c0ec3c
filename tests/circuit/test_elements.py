"""Element tables: arrays for the machine, elements for people, one line of text each."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analogeq.circuit.elements import (
    Capacitors,
    CurrentConveyors,
    CurrentSources,
    DiodeModel,
    Diodes,
    IdealClamps,
    Instances,
    NoiseSources,
    Resistors,
    Transconductances,
    VoltageAmplifiers,
    VoltageSources,
    written,
)
from analogeq.circuit.schematic import Schematic
from analogeq.errors import ElectricalRuleError, InputError


def column(*values):
    return np.array(values, dtype=np.float64)


def at(*nodes):
    return np.array(nodes, dtype=np.intp)


MODEL = DiodeModel("dfast", 2.52e-9, 1.752, 0.568)
ONE_OF_EACH = [
    (Resistors(("r1",), at((1, 2)), column(1e3)), "r1 a b 1000.0"),
    (Capacitors(("c1",), at((1, 0)), column(1e-12), column(0.25)), "c1 a 0 1e-12 ic=0.25"),
    (VoltageSources(("v1",), at((1, 0)), column(0.5)), "v1 a 0 dc 0.5"),
    (CurrentSources(("i1",), at((0, 2)), column(1e-6)), "i1 0 b dc 1e-06"),
    (NoiseSources(("i1",), at((0, 2)), column(1e-9), column(1e-8)), "i1 0 b dc 0 trnoise(1e-09 1e-08 0 0)"),
    (Transconductances(("g1",), at((1, 2, 2, 0)), column(-1e-6)), "g1 a b b 0 -1e-06"),
    (VoltageAmplifiers(("e1",), at((1, 0, 2, 0)), column(0.99)), "e1 a 0 b 0 0.99"),
    (CurrentConveyors(("f1",), at((0, 1)), ("v1",), column(2.0)), "f1 0 a v1 2.0"),
    (Diodes(("d1",), at((1, 2)), MODEL), "d1 a b dfast"),
    (
        IdealClamps(("b1",), at((1,)), column(0.8), column(1e4)),
        "b1 a 0 i = v(a)>0.8 ? (v(a)-0.8)*10000.0 : v(a)<0 ? v(a)*10000.0 : 0",
    ),
    (Instances(("x1",), at((1, 2)), "tether", {"g": column(1e-6)}), "x1 a b tether g=1e-06"),
]


@pytest.mark.parametrize(("table", "line"), ONE_OF_EACH, ids=[table.kind for table, _ in ONE_OF_EACH])
def test_each_kind_writes_its_line(table, line):
    lines = list(Schematic(("0", "a", "b"), (table,)).lines())
    assert lines[0] == line
    assert lines[1:] == ([MODEL.line()] if isinstance(table, Diodes) else [])


def test_a_table_is_iterated_element_by_element():
    table = Capacitors(("c1", "c2"), at((1, 0), (2, 0)), column(1e-12, 2e-12), column(0.0, 0.5))
    first, second = table
    assert first.name == "c1"
    assert second.nodes == (2, 0)
    assert second.values == {"farads": 2e-12, "initial": 0.5}


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=8))
def test_numbers_are_written_so_that_reading_gives_them_back(numbers):
    texts = written(np.array(numbers), "g=")
    assert [float(text.removeprefix("g=")) for text in texts] == numbers


def test_numbers_of_less_precision_are_written_as_double_precision_has_them():
    (text,) = list(Resistors(("r1",), at((1, 0)), np.array([0.1], dtype=np.float32)).lines(("0", "a")))
    assert text == f"r1 a 0 {float(np.float32(0.1))!r}"


def test_columns_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="nodes of shape"):
        Resistors(("r1",), at((1, 2, 3)), column(1.0))
    with pytest.raises(InputError, match="ohms of shape"):
        Resistors(("r1",), at((1, 2)), column(1.0, 2.0))


def test_a_schematic_begins_with_ground_and_knows_every_node():
    with pytest.raises(InputError, match="ground"):
        Schematic(("a",), ())
    with pytest.raises(InputError, match="node number"):
        Schematic(("0", "a"), (Resistors(("r1",), at((1, 2)), column(1.0)),))


@pytest.mark.parametrize(
    ("nodes", "table"),
    [
        (("0", "a\n.control"), Resistors(("r1",), at((1, 0)), column(1.0))),
        (("0", "a"), Resistors(("r1\nshell",), at((1, 0)), column(1.0))),
        (("0", "a"), Resistors(("v1",), at((1, 0)), column(1.0))),
        (("0", "a"), Resistors(("r1",), at((1, 0)), column(np.nan))),
        (("0", "a"), Resistors(("r1", "r1"), at((1, 0), (1, 0)), column(1.0, 1.0))),
        (("0", "a"), CurrentConveyors(("f1",), at((1, 0)), ("v1\n.control",), column(1.0))),
        (("0", "a"), Diodes(("d1",), at((1, 0)), DiodeModel("d\n.control", 1e-14, 1.0, 0.0))),
        (("0", "a"), Diodes(("d1",), at((1, 0)), DiodeModel("d", float("inf"), 1.0, 0.0))),
        (("0", "a"), Instances(("x1",), at((1, 0)), "s\n.control", {})),
        (("0", "a"), Instances(("x1",), at((1, 0)), "s", {"g=1\n.control": column(1.0)})),
    ],
)
def test_no_line_is_written_of_what_must_not_be_in_a_netlist(nodes, table):
    with pytest.raises(ElectricalRuleError):
        Schematic(nodes, (table,)).lines()


@pytest.mark.parametrize(
    ("amperes", "seconds", "said"),
    [(-1e-9, 1e-8, "amperes = -1e-09 is below zero"), (1e-9, 0.0, "seconds = 0.0 is not above zero")],
)
def test_noise_that_is_none_is_refused(amperes, seconds, said):
    with pytest.raises(InputError, match=f"noise source i1: {said}; give"):
        NoiseSources(("i1",), at((0, 1)), column(amperes), column(seconds))
