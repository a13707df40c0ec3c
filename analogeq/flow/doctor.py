"""Is everything here that a circuit needs? Two circuits with known answers say so."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from analogeq.circuit import Circuit, Drive
from analogeq.engines import engine
from analogeq.engines.ngspice.library import describe_library
from analogeq.errors import AnalogeqError
from analogeq.flow.runs import versions
from analogeq.hardware import Technology
from analogeq.network import Network, Parameters

ANSWER_TOLERANCE = 1e-7
"""[V] The stand-in for an ideal clamp lets a node 1e-9 of its current past the rail; ten of that, and rounding."""


@dataclass(frozen=True)
class Check:
    """One question and its answer."""

    name: str
    passed: bool
    found: str


@dataclass(frozen=True)
class Diagnosis:
    """What the doctor found.

    Attributes
    ----------
    checks : tuple of Check
    simulator : dict of str to str
        Path, version and solver of ngspice; empty without one.
    versions : dict of str to str
    exit_code : int
        0 healthy, 3 no simulator, 5 a wrong answer.
    """

    checks: tuple[Check, ...]
    simulator: dict[str, str]
    versions: dict[str, str]
    exit_code: int

    def as_dict(self) -> dict[str, object]:
        """Return what ``--json`` prints."""
        return asdict(self)


def examine() -> Diagnosis:
    """Find ngspice, name its version and solver, and let both engines solve a divider and a clamped node."""
    checks = [check for name in ("native",) for check in _solve(name)]
    simulator: dict[str, str] = {}
    code = 0
    try:
        library = describe_library()
        simulator = {"path": str(library.path), "version": str(library.version), "solver": library.solver}
        checks.append(Check("ngspice library", passed=True, found=f"ngspice {library.version}, {library.solver}"))
        checks += _solve("ngspice")
    except AnalogeqError as trouble:
        checks.append(Check("ngspice library", passed=False, found=str(trouble)))
        code = trouble.exit_code
    if code == 0 and not all(check.passed for check in checks):
        code = 5
    return Diagnosis(tuple(checks), simulator, versions(), code)


def _solve(name: str) -> list[Check]:
    network = Network.layered((1, 1))
    circuit = Circuit(network, Technology())
    checks = []
    for label, weight, expected in (("divider", 0.5, 0.25), ("clamped node", 4.0, 1.0)):
        with engine(name, workers=1).open(circuit) as session:
            session.program(circuit.program(Parameters(np.array([weight]), np.zeros(1))))
            volts = float(session.settle(Drive(np.array([[0.5]]))).voltages[0, 0])
        right = abs(volts - expected) <= ANSWER_TOLERANCE
        checks.append(Check(f"{name}: {label}", right, f"{volts:.9f} V, expected {expected} V"))
    return checks
