r"""One crossbar array with its wires: currents, voltages, the equivalent array, derivatives.

Between fixed voltages the array is linear, so whatever its wires do, it *is* a matrix: the current out of bit line j is
:math:`\sum_i v_i G_{ij}` with an equivalent conductance :math:`G_{ij}`, the transfer conductance of a network
of resistors. With ideal wires it is the device of the cell; with others it depends on all devices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.crossbar.chains import Chains
from analogeq.circuit.crossbar.elimination import Elimination
from analogeq.errors import InputError
from analogeq.hardware.wires import Line, Wires

Doubles = NDArray[np.float64]

_AT_ONCE = 4_000_000
"""Voltages of devices that are held at a time: 32 MB."""


@dataclass(frozen=True, eq=False)
class LineVoltages:
    """Where the two ends of every device stand.

    Attributes
    ----------
    word, bit : ndarray, shape (batch, word line, bit line)
        Voltage of each cell's node on its word line and on its bit line [V].
    """

    word: Doubles
    bit: Doubles

    def __post_init__(self) -> None:
        self.word.setflags(write=False)
        self.bit.setflags(write=False)

    @property
    def drop(self) -> Doubles:
        """Across each device, from word to bit line [V]."""
        return self.word - self.bit


@dataclass(frozen=True, eq=False)
class Crossbar:
    """Devices between word lines and bit lines.

    Attributes
    ----------
    g : ndarray, shape (word, bit)
        Conductance of each device [S]; zero where there is none.
    word : Line
        The wire of the word lines, which are driven.
    bit : Line
        The wire of the bit lines, which are sensed at virtual ground.
    """

    g: Doubles
    word: Line
    bit: Line

    def __post_init__(self) -> None:
        if self.g.ndim != 2 or not self.g.size:
            raise InputError(f"crossbar: conductances of shape {self.g.shape}; give one for each word and bit line")
        bad = np.argwhere(~(np.isfinite(self.g) & (self.g >= 0.0)))
        if len(bad):
            i, j = bad[0].tolist()
            raise InputError(
                f"crossbar cell ({i}, {j}): conductance {float(self.g[i, j])!r} S; give a finite one, 0 S where there "
                "is no device"
            )
        held = self.g.astype(np.float64)
        held.setflags(write=False)
        object.__setattr__(self, "g", held)

    @classmethod
    def forward(cls, g: NDArray[np.floating], wires: Wires) -> Crossbar:
        """An array read from its word lines to its bit lines; ``g`` of shape (word, bit)."""
        return cls(np.asarray(g), *wires.forward)

    @classmethod
    def backward(cls, g: NDArray[np.floating], wires: Wires) -> Crossbar:
        """The same array read from its bit lines to its word lines: what is called word here is a bit line there."""
        return cls(np.asarray(g).T, *wires.backward)

    @cached_property
    def equivalent(self) -> Doubles:
        """Current out of each bit line per volt on each word line [S], shape (word, bit), read-only.

        The bit lines at 0 V. The array with these conductances and ideal wires is the same array, seen from its ends.
        """
        found = self._equivalent()
        found.setflags(write=False)
        return found

    @cached_property
    def loading(self) -> Doubles:
        """Current out of each word line's driver per volt on each word line [S], shape (word, word), read-only.

        The bit lines at 0 V. Symmetric: ``v @ loading @ v`` is the power that devices and wires turn into heat.
        """
        found = self._loading()
        found.setflags(write=False)
        return found

    @property
    def bit_loading(self) -> Doubles:
        """Current into each bit line per volt on each virtual ground [S], shape (bit, bit), read-only.

        The word lines' drivers at 0 V. Symmetric, too.
        """
        return self._turned.loading

    @cached_property
    def bit_coupling(self) -> Doubles:
        """Conductance that the bit lines' ends see between each other [S], shape (bit, bit), read-only; never negative.

        The word lines' drivers at 0 V. Minus `bit_loading` off the diagonal; zero on it and where word lines are ideal.
        """
        if self.word.is_ideal:
            found = np.zeros((self.g.shape[1],) * 2)
        elif self.bit.ends != "both" or self.bit.is_ideal:
            found = self._reduced[1]
        else:
            found = -self.bit_loading
            np.fill_diagonal(found, 0.0)
        found = np.maximum(0.5 * (found + found.T), 0.0)  # what is below zero there is a rounding
        found.setflags(write=False)
        return found

    @cached_property
    def word_coupling(self) -> Doubles:
        """Conductance that the word lines' ends see between each other [S], shape (word, word), read-only."""
        return self._turned.bit_coupling

    def keep_factors(self) -> None:
        """Do once what `equivalent` and `voltages` both need, for who asks for both; it is kept until the array is not.

        As many numbers as there are devices times the lines of the shorter direction.
        """
        if self._is_wide:
            self._turned.keep_factors()
        elif not self.bit.is_ideal:
            self._elimination.keep()

    def currents(self, words: NDArray[np.floating]) -> Doubles:
        """Current out of each bit line into its virtual ground [A], shape (batch, bit).

        Parameters
        ----------
        words : ndarray, shape (batch, word)
            What drives the word lines [V].
        """
        self._check(words, "word")
        currents: Doubles = words @ self.equivalent
        return currents

    def voltages(self, words: NDArray[np.floating], bits: NDArray[np.floating] | None = None) -> LineVoltages:
        """Voltage of every node.

        Parameters
        ----------
        words : ndarray, shape (batch, word)
            What drives the word lines [V].
        bits : ndarray, shape (batch, bit), optional
            What the bit lines' held ends stand at [V]; 0 V, a virtual ground, if not given.
        """
        held = np.zeros((len(words), self.g.shape[1])) if bits is None else np.asarray(bits, dtype=np.float64)
        self._check(words, "word")
        self._check(held, "bit")
        return self._voltages(np.asarray(words, dtype=np.float64), held)

    def gradient(self, words: NDArray[np.floating], slopes: NDArray[np.floating]) -> Doubles:
        r"""Derivative of a function of the output currents by every device's conductance.

        The network is reciprocal, so the adjoint network [1]_ is the array itself, read the other way: with the bit
        lines' ends held at :math:`\partial f / \partial I` and the word lines' at 0 V,

        .. math:: \frac{\partial f}{\partial g_{kl}} = \sum_{batch} \Delta v_{kl} \, \Delta \hat v_{kl},

        the drop across the device when the array is read, times the drop (from bit to word line) when it is read back.

        Parameters
        ----------
        words : ndarray, shape (batch, word)
            What drives the word lines [V].
        slopes : ndarray, shape (batch, bit)
            Derivative of each sample's f by each output current [1/A].

        Returns
        -------
        ndarray, shape (word, bit)
            Sum over the batch [1/S].

        References
        ----------
        .. [1] Director & Rohrer, "The generalized adjoint network and network sensitivities",
           IEEE Trans. Circuit Theory 16 (1969).
        """
        read = self.voltages(words).drop
        back = self.voltages(np.zeros_like(words), slopes).drop
        found: Doubles = -np.einsum("bij,bij->ij", read, back)
        return found

    def _equivalent(self) -> Doubles:
        if self.word.is_ideal and self.bit.is_ideal:
            return self.g.copy()
        if self._is_wide and self.word.ends != "both" and not self.word.is_ideal:
            return self._turned.equivalent.T.copy()
        if self.bit.ends != "both" or self.bit.is_ideal:
            return self._reduced[0]
        # By reciprocity: what the word lines take, together, from bit lines that are driven at both ends.
        drop = self.voltages(np.zeros((self.g.shape[1], self.g.shape[0])), np.eye(self.g.shape[1])).drop
        found: Doubles = -np.einsum("ij,bij->ib", self.g, drop)
        return found

    def _loading(self) -> Doubles:
        n_words = len(self.g)
        if self.word.is_ideal and self.bit.is_ideal:
            return np.diag(self.g.sum(axis=1))
        units, found = np.eye(n_words), np.empty((n_words, n_words))
        size = max(1, _AT_ONCE // self.g.size)
        for at in range(0, n_words, size):
            drop = self.voltages(units[at : at + size]).drop
            found[at : at + size] = np.einsum("ij,bij->bi", self.g, drop)
        return found

    @property
    def _is_wide(self) -> bool:
        """Whether there are more bit lines than word lines; elimination is cheaper along the longer direction."""
        return bool(self.g.shape[1] > self.g.shape[0])

    @cached_property
    def _elimination(self) -> Elimination:
        return Elimination(self.g, self.word, self.bit)

    @cached_property
    def _reduced(self) -> tuple[Doubles, Doubles]:
        return self._elimination.equivalent()

    @cached_property
    def _turned(self) -> Crossbar:
        """The same array with word and bit lines called the other way round."""
        return Crossbar(self.g.T, self.bit, self.word)

    def _voltages(self, words: Doubles, bits: Doubles) -> LineVoltages:
        if self._is_wide:
            turned = self._turned._voltages(bits, words)
            return LineVoltages(turned.bit.transpose(0, 2, 1), turned.word.transpose(0, 2, 1))
        shape = (len(words), *self.g.shape)
        bit = np.broadcast_to(bits[:, None, :], shape)
        if not self.bit.is_ideal:
            bit = self._elimination.bit_voltages(words, bits)
        word = np.broadcast_to(words[:, :, None], shape)
        return LineVoltages(word if self.word.is_ideal else Chains(self.g, self.word).voltages(words, bit), bit)

    def _check(self, volts: NDArray[np.floating], kind: str) -> None:
        size = self.g.shape[0 if kind == "word" else 1]
        if volts.ndim != 2 or volts.shape[1] != size:
            raise InputError(
                f"crossbar: voltages of shape {volts.shape} for {size} {kind} lines; pass shape (batch, {size})"
            )
