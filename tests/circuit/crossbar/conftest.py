"""Nodal analysis of a crossbar as a textbook has it: one dense matrix, nothing of the grid used."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from analogeq.circuit.crossbar import Crossbar

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Nodal:
    """``matrix @ v = to_words @ v_words + to_bits @ v_bits``, word nodes first, each row by row."""

    matrix: Doubles
    to_words: Doubles
    to_bits: Doubles

    def voltages(self, words: Doubles, bits: Doubles) -> Doubles:
        return np.linalg.solve(self.matrix, self.to_words @ words.T + self.to_bits @ bits.T).T


@pytest.fixture(scope="session")
def nodal() -> Callable[[Crossbar], Nodal]:
    """For lines whose segments and ends all resist."""
    return _nodal


def _nodal(array: Crossbar) -> Nodal:
    n_words, n_bits = array.g.shape
    numbers = np.arange(2 * array.g.size).reshape(2, n_words, n_bits)
    matrix = np.zeros((2 * array.g.size,) * 2)
    sources = [np.zeros((len(matrix), n_words)), np.zeros((len(matrix), n_bits))]

    def join(a, b, siemens):
        np.add.at(matrix, (a, a), siemens)
        np.add.at(matrix, (b, b), siemens)
        np.add.at(matrix, (a, b), -siemens)
        np.add.at(matrix, (b, a), -siemens)

    join(numbers[0].ravel(), numbers[1].ravel(), array.g.ravel())
    for line, cells, source in ((array.word, numbers[0], sources[0]), (array.bit, numbers[1].T, sources[1])):
        join(cells[:, :-1].ravel(), cells[:, 1:].ravel(), 1.0 / line.segment)
        for end, at in (("first", 0), ("last", -1)):
            if line.ends in (end, "both"):
                np.add.at(matrix, (cells[:, at], cells[:, at]), 1.0 / line.lead)
                source[cells[:, at], np.arange(len(cells))] += 1.0 / line.lead
    return Nodal(matrix, *sources)
