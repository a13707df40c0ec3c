"""What may be called what."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analogeq.circuit.names import RESERVED, alike, all_writable, name_problem, shown

LEGAL = re.compile(r"[a-z][a-z0-9_]{0,62}")  # the rule as the design states it
TEXTS = st.text(max_size=5) | st.from_regex(LEGAL, fullmatch=True) | st.sampled_from(sorted(RESERVED))


def legal(name):
    return LEGAL.fullmatch(name) is not None and name not in RESERVED


@given(TEXTS)
@example("a\n")
@example("a" * 63)
@example("a" * 64)
def test_a_name_has_a_problem_unless_the_rule_allows_it(name):
    assert (name_problem(name) is None) == legal(name)


@given(st.lists(TEXTS, max_size=6))
@example(["a b"])
@example(["a", ""])
@example(["", "a b"])
@example(["a\n", "b"])
@example(["a" * 64])
def test_many_names_are_writable_when_each_is(names):
    assert all_writable(names) == all(map(legal, names))


@given(st.lists(st.from_regex(LEGAL, fullmatch=True), max_size=6), st.sampled_from("rcx"))
def test_many_names_begin_with_the_letter_of_their_kind(names, letter):
    assert all_writable(names, letter) == all(legal(name) and name.startswith(letter) for name in names)


def test_what_is_no_text_is_no_name():
    assert name_problem(7) is not None
    assert not all_writable(["a", 7])


@given(st.lists(st.text(st.sampled_from("aAbB1é_"), min_size=1, max_size=3), max_size=6))
def test_names_are_alike_when_lower_case_makes_them_one(names):
    folded = [name.lower() for name in names]
    assert bool(alike(names)) == (len(set(folded)) < len(folded))
    assert len({name.lower() for name in alike(names)}) <= 1


def test_a_shown_name_has_no_line_break_and_a_bounded_length():
    assert "\n" not in shown("a\nb")
    assert len(shown("a" * 1000)) < 80


@pytest.mark.ngspice
@pytest.mark.parametrize("name", ["a", "c", "v", "max", "find", "tran", "n1", "x_1"])
def test_ngspice_reads_a_node_of_an_allowed_name(name, run_netlist):
    ends = run_netlist(f"t\nv1 top 0 dc 1\nr1 top {name} 1k\nr2 {name} 0 3k\n.op\n.end\n", "run")
    assert ends[name] == pytest.approx(0.75, rel=1e-9)
