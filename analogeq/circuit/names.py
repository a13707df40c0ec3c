"""What a node or an element may be called in a netlist.

A netlist is read by a program that runs shell commands it finds in it, folds case, and knows names
of its own. So a name is a letter and then letters, digits and underscores; everything else is
refused before any text is made.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from functools import cache

GROUND = "0"
"""The ground node; the one name that is not a word."""

_CONSTANTS = ("boltz", "e", "echarge", "false", "i", "kelvin", "no", "pi", "planck", "rad", "true", "yes")
_VARIABLES = ("all", "allcur", "allpw", "allv", "frequency", "gmin", "hertz", "reltol", "temper", "time", "vntol")
RESERVED = frozenset((*_CONSTANTS, *_VARIABLES, "gnd", "null"))
"""Names that mean something already: ngspice's ground, constants and variables."""

NAME_LENGTH = 63
"""Characters of the longest name."""

_NAME = re.compile(rf"[a-z][a-z0-9_]{{0,{NAME_LENGTH - 1}}}")
_SHOWN = 60


def shown(name: object) -> str:
    """Show ``name`` as an error message can: quoted, control characters escaped, shortened."""
    text = repr(name)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…'"


@cache
def _words(letter: str) -> re.Pattern[str]:
    # possessive: a word that is too long or strange is not tried again from its middle
    return re.compile(rf"(?:{letter or '[a-z]'}[a-z0-9_]{{0,{NAME_LENGTH - 1}}} )*+")


def all_writable(names: Collection[str], letter: str = "") -> bool:
    """Whether every name may stand in a netlist and begins with ``letter``; fast for a million."""
    if not set(map(type, names)) <= {str}:
        return False
    # one match over all of them; a name that held a blank would add to the count
    joined = " ".join((*names, ""))
    return (
        joined.count(" ") == len(names) and _words(letter).fullmatch(joined) is not None and RESERVED.isdisjoint(names)
    )


def name_problem(name: object, letter: str = "") -> tuple[str, str] | None:
    """Say what is wrong with ``name`` and what to do; None where it can stand in a netlist."""
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        return (
            "not a letter a-z followed by at most 62 letters, digits or underscores",
            "rename it: a simulator would read anything else as syntax or as a command",
        )
    if name in RESERVED:
        return "has a meaning of its own in ngspice", f"rename it, to {name}_1 say"
    if not name.startswith(letter):
        return "the first letter decides an element's kind", f"begin it with {letter!r}"
    return None


def alike(names: Collection[str]) -> list[str]:
    """Names that are one name once case is folded, the first such group; empty where all differ."""
    folded = names if "".join(names).islower() else list(map(str.lower, names))
    if len(set(folded)) == len(names):
        return []
    twice = next(name for name, count in Counter(folded).items() if count > 1)
    return [name for name in names if name.lower() == twice]
