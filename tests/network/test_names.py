import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analogeq.circuit.names import RESERVED as NETLIST_RESERVED
from analogeq.errors import GraphError
from analogeq.network.names import RESERVED, node_name


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("x1", "x1"),
        ("H3_Y", "h3_y"),
        (0, "n0"),
        (17, "n17"),
        (np.int64(4), "n4"),
        ((3, 4), "n3_4"),
        ((1, 2, 3), "n1_2_3"),
    ],
)
def test_strings_ints_and_tuples_of_ints_get_a_name(key, name):
    assert node_name(key) == name


@pytest.mark.parametrize(
    "key",
    [
        *("", "1x", "_x", "x y", "x\n.control", "x;y", "a-b", "a.b", "é", "\u212a", "x" * 64, "x\n", "0"),
        *(-1, True, 1.0, (), (1, -1), (1, "a"), (True,), None, b"x", frozenset()),
    ],
)
def test_anything_else_is_refused_with_the_rule(key):
    with pytest.raises(GraphError, match="a name is a letter and up to 62") as caught:
        node_name(key)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("word", ["gnd", "GND", "time", "temper", "hertz", "null", "and", "unif"])
def test_words_that_spice_reads_as_something_else_are_refused(word):
    with pytest.raises(GraphError, match=f"rename the node, {word.lower()}_1 say"):
        node_name(word)


@given(st.text(max_size=70))
def test_every_name_that_comes_out_is_safe_in_a_netlist(key):
    try:
        name = node_name(key)
    except GraphError:
        return
    assert re.fullmatch("[a-z][a-z0-9_]{0,62}", name)
    assert name not in RESERVED


def test_no_name_passes_here_that_the_netlist_would_refuse_later():
    assert NETLIST_RESERVED <= RESERVED


@pytest.mark.parametrize(("key", "proposed"), [("in a", "in_a"), ("1x", "n1x"), ("A-b.c", "a_b_c"), ("0", "n0")])
def test_a_name_that_would_do_is_proposed(key, proposed):
    with pytest.raises(GraphError, match=f"rename the node, {proposed} say"):
        node_name(key)
    assert node_name(proposed) == proposed
