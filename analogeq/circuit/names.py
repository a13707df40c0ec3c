"""What a node or an element may be called in a netlist.

A netlist is read by a program that runs shell commands it finds in it, folds case, and knows names
of its own. So a name is a letter and then letters, digits and underscores; everything else is
refused before any text is made.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from analogeq.errors import InputError

GROUND = "0"
"""The ground node; the one name that is not a word."""

_CONSTANTS = ("boltz", "c", "e", "echarge", "false", "i", "kelvin", "no", "pi", "planck", "rad", "true", "yes")
_VARIABLES = ("all", "allcur", "allpw", "allv", "frequency", "gmin", "hertz", "reltol", "temper", "time", "v", "vntol")
RESERVED = frozenset((*_CONSTANTS, *_VARIABLES, "gnd", "null"))
"""Names that mean something already: ngspice's ground, constants and variables."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_SHOWN = 60


def shown(name: object) -> str:
    """Show ``name`` as an error message can: quoted, control characters escaped, shortened."""
    text = repr(name)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…'"


def name_problem(name: str) -> str | None:
    """Say why ``name`` cannot stand in a netlist and what to do; None where it can."""
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        return f"name {shown(name)}: begin with a letter, then at most 62 letters, digits, underscores; rename the node"
    if name in RESERVED:
        return f"name {shown(name)}: it means something else in a netlist; rename the node, to {name}_1 say"
    return None


def folded_names(names: Sequence[str]) -> tuple[str, ...]:
    """Lower-case ``names`` as the simulator will, refusing those it would misread or confuse.

    Raises
    ------
    InputError
        If a name breaks the rule above, or two of them differ only by case.
    """
    folded = tuple(name.lower() if isinstance(name, str) else name for name in names)
    for name in folded:
        problem = name_problem(name)
        if problem is not None:
            raise InputError(problem)
    check_unique("node", folded)
    return folded


def check_names(kind: str, names: Sequence[str], letter: str = "") -> None:
    """Raise `InputError` unless every name may stand in a netlist and begins with ``letter``."""
    match = _NAME.fullmatch
    for name in names:
        if not isinstance(name, str) or match(name) is None:
            raise InputError(f"{kind} {name_problem(name)}")
        if not name.startswith(letter):
            raise InputError(f"{kind} name {shown(name)}: its first letter decides the kind; begin it with {letter!r}")
    check_unique(kind, names)


def check_unique(kind: str, names: Sequence[str]) -> None:
    """Raise `InputError` naming one that stands twice."""
    if len(set(names)) == len(names):
        return
    twice = next(name for name, count in Counter(names).items() if count > 1)
    raise InputError(f"{kind} name {shown(twice)}: stands twice once case is folded; rename one of them")
