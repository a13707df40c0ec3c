r"""Gaussian elimination of a crossbar, row by row.

In row i the word line with its devices is a matrix of conductances :math:`R_i` between the row's
bit-line nodes, found from `Chains` without a factorisation. Everything above row i, as the nodes of
that row see it, is then one matrix Y with Norton currents j, and passes a segment of every bit line by

.. math:: Y_{i+1} = X_i Y_i + R_{i+1}, \quad X_i = (1 + r Y_i)^{-1}, \quad j_{i+1} = X_i j_i + s_{i+1},

the block form of the recursion along a chain: a segment of 0 Ohm is no special case. Block
elimination of a grid's rows [1]_ is m inversions of symmetric positive definite n x n matrices,
dense, where a sparse factorisation spends its time on bookkeeping.

References
----------
.. [1] Golub & Van Loan, Matrix Computations, 4th ed. (2013), section 4.5 (block tridiagonal systems).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpotri

from analogeq.circuit.crossbar.chains import Chains
from analogeq.hardware.wires import Line

Doubles = NDArray[np.float64]
Step = tuple[Doubles, Doubles | None]
"""Norton current that a row's word line sends into each of its bit nodes [A/V], and X; None where X is 1."""


_AT_ONCE = 4_000_000
"""Numbers in the largest stack of rows that is made in one go: 32 MB."""

_LONG_LEAD = 100.0
"""A difference from 1 is wrong by a rounding of 1, which makes Y wrong by that over r. Beside the 1 of 1 + r Y this
is nothing, in the last step a hundred roundings where the lead resists a hundred times r. Beyond, X and Y are
multiplied."""

_WHOLE = 64
"""Rows up to which a matrix is inverted in one piece."""


@dataclass(frozen=True, eq=False)
class Elimination:
    """A crossbar, eliminated from the far end of its bit lines towards their held end.

    Where both ends are held, from the first towards the last.

    Attributes
    ----------
    g : ndarray, shape (word, bit)
        Conductances of the devices [S].
    word, bit : Line
    """

    g: Doubles
    word: Line
    bit: Line

    def equivalent(self) -> tuple[Doubles, Doubles]:
        """What the array is between its ends; nothing else is kept.

        For bit lines held at one end, or ideal ones.

        Returns
        -------
        sent : ndarray, shape (word, bit)
            Current into each bit line's held end per volt on each word line [S].
        coupling : ndarray, shape (bit, bit)
            Conductance from bit line to bit line, their ends' own [S]; of Y seen through the lead, (1 - X) / r, minus
            what is off the diagonal, which nothing cancels. The diagonal is zero.
        """
        sent = np.zeros(self.g.shape)
        done, passed = 0, None  # rows that wait for the product of what has been passed since they were done
        inverse = None
        for i, (per_volt, inverse) in enumerate(self._steps()):
            sent[i] = per_volt
            sent[done : i + 1] = _product(sent[done : i + 1], inverse)
            if done:
                passed = inverse if passed is None else _product(passed, inverse)
            if i + 1 - done == self.g.shape[1] or i + 1 == len(sent):
                sent[:done] = _product(sent[:done], passed)
                done, passed = i + 1, None
        coupling = self._in_rows() if inverse is None else inverse / self.bit.lead
        np.fill_diagonal(coupling, 0.0)
        return sent[self._order], coupling

    def _in_rows(self) -> Doubles:
        """Minus the sum of all R, which ideal bit lines join."""
        total = np.zeros((self.g.shape[1],) * 2)
        for row, _ in self._rows():
            total -= row
        return total

    def bit_voltages(self, words: Doubles, bits: Doubles) -> Doubles:
        """Voltages along bit lines that are not ideal.

        Parameters
        ----------
        words : ndarray, shape (batch, word)
            What the word lines' held ends stand at [V].
        bits : ndarray, shape (batch, bit)
            What the bit lines' held ends stand at [V].

        Returns
        -------
        ndarray, shape (batch, word, bit)
            [V].
        """
        steps = self._factors
        currents = np.stack([per_volt for per_volt, _ in steps])[:, None, :] * words.T[self._order, :, None]
        if self.bit.ends == "both":
            currents[0] += bits / self.bit.lead
        for i in range(1, len(steps)):
            currents[i] += _product(currents[i - 1], steps[i - 1][1])
        found, below = currents, bits
        for i in range(len(steps) - 1, -1, -1):
            below = found[i] = _product(below + self._below(i) * currents[i], steps[i][1])
        return found[self._order].transpose(1, 0, 2)

    @property
    def _order(self) -> slice:
        """Rows in the order they are eliminated in, and back."""
        return slice(None, None, -1 if self.bit.ends == "first" else 1)

    @cached_property
    def _factors(self) -> tuple[Step, ...]:
        """Every step, for one solution after another: as many numbers as rows times the square of the bit lines."""
        return tuple(self._steps())

    def keep(self) -> None:
        """Take every step now."""
        _ = self._factors

    def _steps(self) -> Iterator[Step]:
        if "_factors" in self.__dict__:
            yield from self._factors
            return
        n_bits = self.g.shape[1]
        y = np.zeros((n_bits, n_bits))
        if self.bit.ends == "both" and not self.bit.is_ideal:
            y.flat[:: n_bits + 1] = 1.0 / self.bit.lead
        for i, (row, per_volt) in enumerate(self._rows()):
            y += row
            inverse = _inverse(y, self._below(i))
            yield per_volt, inverse
            y = self._above(y, inverse)

    def _above(self, y: Doubles, inverse: Doubles | None) -> Doubles:
        """Y of what is above a row, seen through the segments that end in it: X Y, which is (1 - X) / r."""
        r = self.bit.segment
        if inverse is None or self.bit.lead > _LONG_LEAD * r:
            return _product(y, inverse)
        seen = inverse * (-1.0 / r)
        seen.flat[:: len(seen) + 1] += 1.0 / r
        return seen

    def _below(self, i: int) -> float:
        """Resistance [Ohm] between the bit nodes of step i and what is next to them towards the held end."""
        return self.bit.segment if i < len(self.g) - 1 else self.bit.lead

    def _rows(self) -> Iterator[tuple[Doubles, Doubles]]:
        """R of each row [S], shape (bit, bit), and its Norton currents [A/V], shape (bit,)."""
        n_words, n_bits = self.g.shape
        g = self.g[self._order]
        if self.word.is_ideal:
            yield from zip(map(np.diag, g), g, strict=True)
            return
        size = max(1, _AT_ONCE // n_bits**2)
        for at in range(0, n_words, size):
            chains = Chains(g[at : at + size], self.word)
            per_line = zip(chains.g, chains.reached(), chains.own(), chains.sent(), strict=True)
            for own_g, reached, own, per_volt in per_line:
                lower = reached * -own_g[:, None]
                row = lower + lower.T
                row.flat[:: n_bits + 1] = own
                yield row, per_volt


def _product(left: Doubles, inverse: Doubles | None) -> Doubles:
    return left if inverse is None else left @ inverse


def _inverse(y: Doubles, ohms: float) -> Doubles | None:
    """(1 + r Y)^-1, None where it is 1."""
    if ohms == 0.0:
        return None
    matrix = ohms * y
    matrix.flat[:: len(y) + 1] += 1.0
    return _inverse_of(matrix)


def _inverse_of(matrix: Doubles) -> Doubles:
    """Inverse of a symmetric positive definite matrix: in halves, whose products are faster than LAPACK's inversion."""
    n = len(matrix)
    if n <= _WHOLE:
        return _cholesky_inverse(matrix)
    half = n // 2
    upper = matrix[:half, half:]
    first = _inverse_of(matrix[:half, :half])
    carried = first @ upper
    second = _inverse_of(matrix[half:, half:] - upper.T @ carried)
    corner = carried @ second
    found = np.empty_like(matrix)
    found[:half, :half] = first + corner @ carried.T
    found[:half, half:] = -corner
    found[half:, :half] = -corner.T
    found[half:, half:] = second
    return found


def _cholesky_inverse(matrix: Doubles) -> Doubles:
    # the transpose is the same matrix, in the order LAPACK works in
    factor, info = dpotrf(matrix.T, lower=1)
    if info == 0:
        factor, info = dpotri(factor, lower=1, overwrite_c=1)
    if info != 0:
        raise ArithmeticError(f"crossbar: 1 + r Y is not positive definite at row {info} of {len(matrix)}")
    inverse: Doubles = factor + factor.T
    inverse.flat[:: len(matrix) + 1] *= 0.5
    return inverse
