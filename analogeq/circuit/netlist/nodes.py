"""Node names of the readable netlist: the user's own, and those derived from them."""

from __future__ import annotations

import numpy as np

from analogeq.circuit.elements import Ints
from analogeq.circuit.names import GROUND, NAME_LENGTH


class Nodes:
    """Node names given out so far, by number; ground is number 0.

    The user's names come first and stay as they are but for case. A derived name gives way to them.

    Parameters
    ----------
    names : tuple of str
        The user's.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = [GROUND, *(name.lower() for name in names)]
        self._taken = set(self._names)

    @property
    def names(self) -> tuple[str, ...]:
        """All names, by number."""
        return tuple(self._names)

    def single(self, name: str) -> int:
        """Add a node called ``name``, or ``name_1``, ``name_2``, … where that is taken."""
        tried, suffix = name, 0
        while tried in self._taken:
            suffix += 1
            tried = f"{name}_{suffix}"
        self._names.append(tried)
        self._taken.add(tried)
        return len(self._names) - 1

    def derive(self, prefix: str, owners: Ints) -> Ints:
        """Add a node for each owner, called after it; by number where that makes too long a name."""
        added = []
        for owner in owners.tolist():
            name = f"{prefix}_{self._names[owner]}"
            added.append(self.single(name if len(name) < NAME_LENGTH - 2 else f"{prefix}_{owner}"))
        return np.array(added, dtype=np.intp)
