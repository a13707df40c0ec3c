"""Nodal analysis of a crossbar as a textbook has it: one sparse matrix, nothing of the grid used."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array
from scipy.sparse.linalg import splu

from analogeq.circuit.crossbar import Crossbar

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Nodal:
    """``matrix @ v = to_words @ v_words + to_bits @ v_bits``, word nodes first, each row by row."""

    array: Crossbar
    matrix: csc_array
    to_words: Doubles
    to_bits: Doubles

    def voltages(self, words: Doubles, bits: Doubles) -> Doubles:
        """Shape (batch, 2, word, bit)."""
        found = splu(self.matrix).solve(self.to_words @ words.T + self.to_bits @ bits.T).T
        return found.reshape(len(words), 2, *self.array.g.shape)


@pytest.fixture(scope="session")
def nodal() -> Callable[[Crossbar], Nodal]:
    """For lines whose segments and ends all resist."""
    return _nodal


def _nodal(array: Crossbar) -> Nodal:
    n_words, n_bits = array.g.shape
    size = 2 * array.g.size
    numbers = np.arange(size).reshape(2, n_words, n_bits)
    pieces = [_joined(numbers[0].ravel(), numbers[1].ravel(), array.g.ravel())]
    sources = [np.zeros((size, n_words)), np.zeros((size, n_bits))]
    for line, cells, source in ((array.word, numbers[0], sources[0]), (array.bit, numbers[1].T, sources[1])):
        ends = cells[:, :-1].ravel(), cells[:, 1:].ravel()
        pieces.append(_joined(*ends, np.full(len(ends[0]), 1.0 / line.segment)))
        for end, at in (("first", 0), ("last", -1)):
            if line.ends in (end, "both"):
                held = cells[:, at]
                pieces.append((held, held, np.full(len(held), 1.0 / line.lead)))
                source[held, np.arange(len(cells))] += 1.0 / line.lead
    rows, columns, values = (np.concatenate(part) for part in zip(*pieces, strict=True))
    return Nodal(array, csc_array(coo_array((values, (rows, columns)), shape=(size, size))), *sources)


def _joined(a, b, siemens):
    """Entries of conductances between two nodes each."""
    rows, columns = np.concatenate([a, b, a, b]), np.concatenate([a, b, b, a])
    return rows, columns, np.concatenate([siemens, siemens, -siemens, -siemens])
