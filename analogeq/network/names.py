"""What a node may be called: names end up in netlists, where most words mean something else."""

from __future__ import annotations

import re
from collections.abc import Hashable

import numpy as np

from analogeq.errors import GraphError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_SHOWN = 60

_GROUND = ("gnd", "null")
_VARIABLES = ("all", "allcur", "allpw", "allv", "frequency", "gmin", "hertz", "reltol", "temper", "time", "v", "vntol")
_CONSTANTS = ("boltz", "c", "e", "echarge", "false", "i", "kelvin", "no", "pi", "planck", "rad", "true", "yes")
_OPERATORS = ("and", "eq", "ge", "gt", "le", "lt", "ne", "not", "or")
_RANDOM = ("agauss", "aunif", "gauss", "limit", "unif")
RESERVED = frozenset(_GROUND + _VARIABLES + _CONSTANTS + _OPERATORS + _RANDOM)
"""Words that ngspice reads as something else than a node, at one place or another.

That a node called by one of `_OPERATORS` or `_RANDOM` is lost was tried with ngspice 39, in a
divider that a B source reads."""


def node_name(key: Hashable) -> str:
    """Name of a graph's node in arrays, files and netlists.

    A string is lower-cased, since SPICE folds case; an int k becomes ``n{k}``; a tuple of ints, the
    node of a lattice, ``n{i}_{j}``.

    Raises
    ------
    GraphError
        If there is no such name or SPICE would read it as something else.

    Examples
    --------
    >>> node_name("X1"), node_name(7), node_name((3, 4))
    ('x1', 'n7', 'n3_4')
    """
    name = _spelled(key)
    if name is None or not _NAME.fullmatch(name):
        raise GraphError(
            f"node {shown(key)}: a name is a letter and up to 62 letters, digits and underscores, an int or a tuple of "
            f"ints, none negative; rename the node{_proposed(key)}"
        )
    if name in RESERVED:
        raise GraphError(f"node {shown(key)}: SPICE reads {name!r} as something else; rename the node, {name}_1 say")
    return name


def _proposed(key: Hashable) -> str:
    """Spell a string as a name, where that leaves something of it."""
    if not isinstance(key, str):
        return ""
    name = re.sub(r"[^a-z0-9]+", "_", key.lower()).strip("_")
    name = (name if name[:1].isalpha() else f"n{name}")[:63]
    return f", {name} say" if name != "n" and name not in RESERVED else ""


def shown(key: object) -> str:
    """Show a node's key on one line of an error message, control characters escaped, shortened."""
    text = repr(key)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _spelled(key: Hashable) -> str | None:
    if isinstance(key, str):
        return key.lower() if key.isascii() else None
    whole = (key,) if not isinstance(key, tuple) else key
    if not whole or not all(isinstance(k, int | np.integer) and not isinstance(k, bool) and k >= 0 for k in whole):
        return None
    return "n" + "_".join(str(int(k)) for k in whole)
