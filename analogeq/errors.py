"""One tree of exceptions; each knows the exit code the command line returns for it."""

from __future__ import annotations


class AnalogeqError(Exception):
    """Base of every error this package raises on purpose."""

    exit_code = 1


class InputError(AnalogeqError, ValueError):
    """What the user handed over breaks a rule; the message names element, value, rule and remedy."""

    exit_code = 2


class GraphError(InputError):
    """A network graph cannot become a circuit."""


class TechnologyError(InputError):
    """A technology description has an unknown key, a missing unit or an impossible value."""


class DataError(InputError):
    """A dataset is missing, damaged or of the wrong shape."""


class ElectricalRuleError(InputError):
    """The electrical rule check found violations; no simulator was started.

    Parameters
    ----------
    violations : tuple of str
        One sentence per violation: element, value, rule, remedy.
    """

    def __init__(self, violations: tuple[str, ...]) -> None:
        self.violations = violations
        super().__init__("electrical rule check failed:\n" + "\n".join(f"  - {v}" for v in violations))


class PhaseError(AnalogeqError, RuntimeError):
    """A controller was asked for a transition its table does not hold; its state is unchanged."""


class SimulatorMissingError(AnalogeqError):
    """No usable ngspice library was found; the message says what to install."""

    exit_code = 3


class SimulatorError(AnalogeqError):
    """The simulator died, hung or answered with something that is not an answer."""


class NotSettledError(AnalogeqError):
    """A circuit did not reach an equilibrium; the message says which samples and what to change."""

    exit_code = 4


class CheckFailedError(AnalogeqError):
    """A result was computed and then failed its own verification."""

    exit_code = 5


class CheckpointError(InputError):
    """A checkpoint is missing, damaged or belongs to another run."""
