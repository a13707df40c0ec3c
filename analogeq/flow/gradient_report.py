"""The `gradient-check` command: what is checked, table, CSV and figure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from analogeq.circuit.resistive import ResistiveCircuit
from analogeq.errors import CheckFailedError, InputError
from analogeq.flow.families import AnyCircuit, Settler
from analogeq.flow.gradient_check import LIMIT, GradientCheck, GradientRow, Sweep, check_gradients
from analogeq.flow.oracle import Subject
from analogeq.flow.resistive_gradient_check import ResistiveSubject, check_resistive_gradients
from analogeq.flow.runs import Run
from analogeq.network import Parameters
from analogeq.report import save_figure, save_table_csv
from analogeq.report.gradients import LossCurve, LossPanel, gradient_loss_figure
from analogeq.training import ResistiveTrainingConfig, TrainingConfig


@dataclass(frozen=True, eq=False)
class GradientReport:
    """What was found and where it was written."""

    check: GradientCheck
    files: tuple[Path, ...]

    def as_dict(self) -> dict[str, object]:
        """Return what ``--json`` prints."""
        return {
            "samples": self.check.samples,
            "nodes_at_corners": self.check.corners,
            "kirchhoff_residual": self.check.kirchhoff_residual,
            "remark": self.check.vacuous or self.check.remark,
            "zero_layers": list(self.check.zero),
            "rows": [flat(row) for row in self.check.rows],
            "missing": [{**asdict(m.setting), "reason": m.reason} for m in self.check.missing],
            "proposals": [flat(row) for row in self.check.proposals()],
            "files": [str(file) for file in self.files],
        }


def subject_of_run(run: Run, samples: int) -> Subject | ResistiveSubject:
    """Test samples of a trained run, its copy and tether included if it was trained with them."""
    data = run.source.load()
    inputs, targets = data.x_test[:samples], data.targets(data.y_test[:samples])
    inputs, targets = (a.astype(np.float64) for a in (inputs, targets))
    if isinstance(run.circuit, ResistiveCircuit):
        config = run.config if isinstance(run.config, ResistiveTrainingConfig) else ResistiveTrainingConfig()
        return ResistiveSubject(run.circuit, run.parameters, inputs, targets, config)
    prediction = run.copy.predict(inputs) if run.config.initialise else None
    tether = run.config.schedule.tether if isinstance(run.config, TrainingConfig) else 0.0
    return Subject(run.circuit, run.parameters, inputs, targets, prediction, tether)


def random_subject(circuit: AnyCircuit, samples: int, own: Parameters, *, seed: int) -> Subject | ResistiveSubject:
    """Random inputs and classes for a circuit of these weights; it starts from zero, untethered."""
    rng = np.random.default_rng((seed, 1))
    inputs = rng.random((samples, circuit.network.n_inputs))
    pairs = isinstance(circuit, ResistiveCircuit) and circuit.technology.outputs == "pairs"
    classes = circuit.network.n_outputs // (2 if pairs else 1)
    targets = np.eye(classes)[rng.integers(classes, size=samples)]
    if isinstance(circuit, ResistiveCircuit):
        config = ResistiveTrainingConfig(by="current" if pairs else "conductance")
        return ResistiveSubject(circuit, own, inputs, targets, config)
    return Subject(circuit, own, inputs, targets)


def check_subject(subject: Subject | ResistiveSubject, sweep: Sweep, settler: Settler) -> GradientCheck:
    """Check a subject of either family."""
    if isinstance(subject, ResistiveSubject):
        return check_resistive_gradients(subject, sweep, settler)
    return check_gradients(subject, sweep, settler)


def write_report(check: GradientCheck, folder: Path) -> GradientReport:
    """Write gradients.csv and gradients.png."""
    files = (
        save_table_csv([flat(row) for row in check.rows], folder / "gradients.csv"),
        save_figure(gradient_loss_figure(_panels(check), limit=_limit(check)), folder / "gradients.png"),
    )
    return GradientReport(check, files)


def require_cosine(check: GradientCheck, least: float) -> None:
    """Refuse a check in which the best nudging of any times and noise loses more than is allowed.

    Raises
    ------
    CheckFailedError
        Naming the layer that falls short.
    """
    if check.vacuous:
        raise CheckFailedError(f"gradient-check: {check.vacuous}")
    proposals = check.proposals()
    if not proposals:
        raise CheckFailedError("gradient-check: no estimate could be made; see the reasons, and try smaller betas")
    worst = max(proposals, key=lambda row: row.loss)
    if not worst.cosine >= least:
        raise CheckFailedError(
            f"gradient-check: cosine {worst.cosine:.9g} of {worst.layer} is below the required {least:g} at the best "
            f"nudging, {worst.setting.nudging} with beta {worst.setting.beta:g} ({times(worst)}, noise "
            f"{worst.noise:g} V); read more precisely, settle longer, or try other betas"
        )


def flat(row: GradientRow) -> dict[str, object]:
    """Show a row without nesting."""
    return {
        **asdict(row.setting),
        "noise": row.noise,
        "layer": row.layer,
        "cosine": row.cosine,
        "loss": row.loss,
        "ratio": row.ratio,
    }


def times(row: GradientRow) -> str:
    """Say how long both phases lasted."""
    return f"free {_time(row.setting.free_time)}, nudged {_time(row.setting.nudged_time)}"


def _time(time_constants: float | None) -> str:
    return "to equilibrium" if time_constants is None else f"{time_constants:g} τ"


def _limit(check: GradientCheck) -> float:
    """What the limit of weak nudges loses; 0 where it was not computed."""
    return max((row.loss for row in check.worst() if row.setting.nudging == LIMIT), default=0.0)


def _panels(check: GradientCheck) -> list[LossPanel]:
    rows = [row for row in check.worst() if row.setting.nudging != LIMIT]
    if not rows:
        reasons = "; ".join(dict.fromkeys(m.reason for m in check.missing))
        raise InputError(f"gradient-check: no estimate could be made: {reasons}")
    return [
        LossPanel(
            title,
            _curves([row for row in rows if times(row) == title]),
            [(row.setting.beta, row.loss) for row in check.proposals() if times(row) == title],
        )
        for title in dict.fromkeys(times(row) for row in rows)
    ]


def _curves(rows: list[GradientRow]) -> list[LossCurve]:
    curves = []
    for nudging, noise in sorted({(r.setting.nudging, r.noise) for r in rows}, key=lambda key: (key[0], key[1])):
        own = sorted((r.setting.beta, r.loss) for r in rows if (r.setting.nudging, r.noise) == (nudging, noise))
        betas, losses = np.array(own).T
        curves.append(LossCurve(nudging, noise, betas, losses))
    return curves
