"""Teach a feedforward copy by circuits whose diodes conduct, and by ngspice, and deploy the copy alone.

    python sim/hybrid_training.py --full --data-dir FOLDER
    python sim/hybrid_training.py --smoke

784-100-10, the first 5,000 training images of MNIST, 4 epochs, batch 10, the same images in the same order and the
same first weights for every circuit of a seed. ``hopfield``: ideal clamps, two BAT54 or two 1N4148 to rails of 0 and
1 V, G0 10 uS; beta ±.5, lambda .1, phases of 10 and 2 time constants. ``resistive``: ideal diodes, or double Shockley
elements of 50 mV and an offset of 1 V; settled to operating points, beta ±.3. The copy's neurons clip at the rails
(the papers' hard sigmoid), where the diodes take over (their knees), or follow the diodes' curve; it learns by plain
steps or by affine projections, of the papers' squared loss of each layer or of the one that matches its activation.

Rates were chosen on the validation split (the last 10,000 training images are tested with), first seed. Ideal clamps:
.1 .05 of .1 .05, .2 .1 and .4 .2, which ends at 41 %; projections .3 of .15, .3, .6; plain steps .2 of .1, .2, .4.
With 2,000 images .1 .05 is the best of the three for the 1N4148, too. Shockley elements: .012 of .003, .006 and .012;
plain steps of their copy .005, since with hidden signals of 2 V they diverge at .02 and above.

After every epoch the errors of copy and circuit on the first 1,000 test images. At the end, on all of them: the copy
exported to ONNX, read back and run by onnxruntime (one that follows a curve has its weights put behind the clip at the
knees for that); its weights behind the papers' hard sigmoid; the circuit; the circuit's weights between ideal clamps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from analogeq.circuit import compile_circuit
from analogeq.circuit.netlist import netlist_hash
from analogeq.controller import Schedule
from analogeq.data import Dataset, load
from analogeq.digital import FeedforwardCopy
from analogeq.engines.native import NativeEngine
from analogeq.engines.ngspice import NgspiceEngine
from analogeq.export import CopyMetadata
from analogeq.flow.deployment import deploy, settled_classes
from analogeq.flow.experiment import Experiment
from analogeq.flow.experiment import main as experiment_main
from analogeq.flow.exporting import OWN_ACTIVATION
from analogeq.flow.families import AnyCircuit, AnyConfig, simulation_netlist
from analogeq.flow.measurements import Row, recorded
from analogeq.flow.points import Finished, Point, Result, Settings
from analogeq.hardware import Technology, real_diode
from analogeq.hardware.resistive import DoubleShockley, ResistiveTechnology
from analogeq.network import Network
from analogeq.report import Figure
from analogeq.report.hybrid import Taught, hybrid_figure
from analogeq.training import Learned, ResistiveTrainingConfig, Trainer, TrainingConfig

CHIPS: Mapping[str, Technology | ResistiveTechnology] = {
    "ideal clamps": Technology(),
    "BAT54": Technology(clamp=real_diode("bat54")),
    "1N4148": Technology(clamp=real_diode("1n4148")),
    "resistive ideal": ResistiveTechnology(input_gain=100.0),
    "resistive Shockley": ResistiveTechnology(input_gain=100.0, device=DoubleShockley(1e-6, 0.05, 1.0)),
}
DIODES = ("BAT54", "1N4148")
"""Whose circuits' weights are also tried between ideal clamps."""


@dataclass(frozen=True)
class Case:
    """One way of teaching a copy.

    Attributes
    ----------
    chip : str
        Of `CHIPS`.
    activation : {"hard-sigmoid", "knees", "curve"}
        Of the copy; in resistive circuits it clips where the devices take over.
    optimizer : {"affine-projection", "plain"}
        Of the copy.
    engine : {"native", "ngspice"}
        What the circuit is, in training and in its tests after every epoch.
    loss : {"squared", "matching"}
        Of each layer of the copy.
    """

    chip: str
    activation: str = "hard-sigmoid"
    optimizer: str = "affine-projection"
    engine: str = "native"
    loss: str = "squared"

    @property
    def name(self) -> str:
        """Chip, activation, optimizer and, where they are not the usual ones, engine and loss."""
        engine = "" if self.engine == "native" else f" by {self.engine}"
        loss = "" if self.loss == "squared" else f", {self.loss} loss"
        return f"{self.chip}{engine}, {self.activation}, {self.optimizer}{loss}"


CASES = (
    Case("ideal clamps"),
    Case("ideal clamps", optimizer="plain"),
    Case("ideal clamps", optimizer="plain", loss="matching"),
    Case("BAT54"),
    Case("BAT54", "knees"),
    Case("1N4148"),
    Case("1N4148", "knees"),
    Case("1N4148", "curve"),
    Case("1N4148", optimizer="plain"),
    Case("1N4148", "knees", "plain"),
    Case("1N4148", "knees", "plain", loss="matching"),
    Case("resistive ideal", "knees"),
    Case("resistive Shockley", "knees"),
    Case("resistive Shockley", "knees", "plain"),
    Case("ideal clamps", engine="ngspice"),
    Case("1N4148", "knees", engine="ngspice"),
    Case("resistive Shockley", "knees", engine="ngspice"),
)


@dataclass(frozen=True)
class Config:
    """Sizes and settings.

    Attributes
    ----------
    data : str
    hidden : int
    samples : int
        First training images.
    watched, tests : int or None
        First test images, for the errors after every epoch and at the end; all if None.
    epochs, batch : int
    rates : tuple of float
        Of ``hopfield`` circuits, for both layers.
    resistive_rate : float
        In units of `analogeq.training.ResistiveTrainingConfig`.
    projection_rate, plain_rate : float
        Of the copy.
    resistive_plain_rate : float
        Of the copy of a resistive circuit, whose hidden signals are volts.
    ngspice_seed : int
        The one that is given to ngspice, too.
    seeds : tuple of int
    """

    data: str = "mnist"
    hidden: int = 100
    samples: int = 5000
    watched: int | None = 1000
    tests: int | None = None
    epochs: int = 4
    batch: int = 10
    rates: tuple[float, float] = (0.1, 0.05)
    resistive_rate: float = 0.012
    projection_rate: float = 0.3
    plain_rate: float = 0.2
    resistive_plain_rate: float = 0.005
    ngspice_seed: int = 0
    seeds: tuple[int, ...] = (0, 1, 2)


FULL = Config()
DEFAULT = Config(samples=1000, watched=500, tests=2000, epochs=3, seeds=(0,))
SMOKE = Config(data="digits", hidden=12, samples=120, watched=40, tests=60, epochs=2, rates=(0.2, 0.1), seeds=(0,))


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """Every case with every seed, ngspice with one."""
    base: dict[str, Any] = {**asdict(config), "data_dir": None if data_dir is None else str(data_dir)}
    del base["seeds"]
    return [
        Point(f"{_in_a_name(case)} seed {seed}", {**base, **asdict(case), "seed": seed})
        for seed in config.seeds
        for case in CASES
        if case.engine == "native" or seed == config.ngspice_seed
    ]


def _in_a_name(case: Case) -> str:
    return case.name.replace(",", "")


def teach(settings: Settings, folder: Path) -> Result:
    """Train on one circuit, on from its checkpoint if there is one; then deploy."""
    s = settings
    data = load(s["data"], data_dir=None if s["data_dir"] is None else Path(s["data_dir"]))
    data = replace(data, x_train=data.x_train[: s["samples"]], y_train=data.y_train[: s["samples"]])
    tests = data.x_test[: s["tests"]], data.y_test[: s["tests"]]
    data = replace(data, x_test=data.x_test[: s["watched"]], y_test=data.y_test[: s["watched"]])
    network = Network.layered((data.n_inputs, s["hidden"], data.n_classes))
    circuit: AnyCircuit = compile_circuit(network, CHIPS[s["chip"]])
    config = config_of(s)
    with _engine(s) as engine, engine.open(circuit) as session:
        trainer = Trainer(session, data, config, folder=folder)
        if (folder / "checkpoint.npz").exists():
            trainer.resume()
        result = trainer.run()
    learned = Learned(result.circuit, result.copy.parameters)
    return {
        "history": [asdict(epoch) for epoch in result.history],
        **_settled(s, config, learned, network, data, tests),
        **_deployed(s, result.copy, circuit, learned, tests, folder),
    }


def config_of(s: Settings) -> AnyConfig:
    """Config of the chip's family."""
    plain = s["optimizer"] == "plain"
    shared: dict[str, Any] = {
        "epochs": s["epochs"],
        "batch_size": s["batch"],
        "copy_optimizer": s["optimizer"],
        "copy_loss": s["loss"],
        "seed": s["seed"],
    }
    if isinstance(CHIPS[s["chip"]], ResistiveTechnology):
        rate = s["resistive_plain_rate"] if plain else s["projection_rate"]
        return ResistiveTrainingConfig(
            **shared, rates=(s["resistive_rate"],) * 2, copy_rates=(rate,) * 2, beta=0.3, sides="random-sign"
        )
    rate = s["plain_rate"] if plain else s["projection_rate"]
    return TrainingConfig(
        **shared, rates=tuple(s["rates"]), copy_rates=(rate,) * 2, copy_activation=s["activation"],
        schedule=Schedule(0.5, "random-sign", 0.1, 10.0, 2.0),
    )  # fmt: skip


def _engine(s: Settings) -> Any:
    """As a context; the native engine has nothing to close."""
    return NgspiceEngine(1) if s["engine"] == "ngspice" else nullcontext(NativeEngine("coarse"))


Tests = tuple[np.ndarray, np.ndarray]


def _settled(
    s: Settings, config: AnyConfig, learned: Learned, network: Network, data: Dataset, tests: Tests
) -> dict[str, float]:
    """Errors of the circuit on all tests, of its weights in an ideal one, and of both engines on the watched ones."""
    own = settled_classes(compile_circuit(network, CHIPS[s["chip"]]), config, learned, tests[0])
    found = {"settled": 100.0 * float(np.mean(own != tests[1]))}
    if s["chip"] in DIODES:
        ideal = settled_classes(compile_circuit(network, CHIPS["ideal clamps"]), config, learned, tests[0])
        found["settled_in_ideal"] = 100.0 * float(np.mean(ideal != tests[1]))
    if s["engine"] != "native":
        found["watched_natively"] = 100.0 * float(np.mean(own[: len(data.y_test)] != data.y_test))
    return found


def _deployed(
    s: Settings, copy: FeedforwardCopy, circuit: AnyCircuit, learned: Learned, tests: Tests, folder: Path
) -> dict[str, float]:
    """Errors of the copy alone: as it is, out of its ONNX file, and behind the papers' hard sigmoid."""
    about = CopyMetadata(
        layer_sizes=copy.network.layer_sizes,
        dataset=s["data"],
        input_scaling="to [0, 1]",
        seed=s["seed"],
        command="python sim/hybrid_training.py",
        netlist_hash=netlist_hash(simulation_netlist(circuit, learned.circuit)),
        activation=OWN_ACTIVATION,
    )
    found = deploy(copy, circuit, *tests, folder / "copy.onnx", about)
    behind = {} if found.behind_hard_sigmoid is None else {"behind_hard_sigmoid": found.behind_hard_sigmoid}
    return {"copy": found.copy, **behind, "deployed": found.deployed, "deployed_elsewhere": float(found.elsewhere)}


MEASURED = {
    "deployed": "copy deployed alone",
    "settled": "circuit",
    "settled_in_ideal": "circuit's weights between ideal clamps",
    "behind_hard_sigmoid": "copy's weights behind the hard sigmoid",
}
"""What rows say of errors, in percent of the test images."""


def rows(finished: Sequence[Finished], command: str) -> list[Row]:
    """Means over the seeds of every case, how far seeds are apart, and what the export changed."""
    found: list[Row] = []
    for name, results in _by_case(finished).items():
        for key, said in MEASURED.items():
            if key in results[0]:
                found.append(recorded(f"{name}: {said}", _mean(results, key), "%", command))
        if len(results) > 1:
            found.append(recorded(f"{name}: copy deployed alone, spread of the seeds", _spread(results), "%", command))
        gap = float(np.mean([r["history"][-1]["gap"] for r in results]))
        found.append(recorded(f"{name}: copy from circuit, last epoch", gap, _unit(name), command))
        moved = float(sum(r["deployed_elsewhere"] for r in results))
        found.append(recorded(f"{name}: images whose class the export changed", moved, "images", command))
        if "watched_natively" in results[0]:
            last = results[0]["history"][-1]["settled_test_error"]
            found.append(recorded(f"{name}: circuit, watched images", last, "%", command))
            there = _mean(results, "watched_natively")
            found.append(recorded(f"{name}: circuit, watched images, settled natively", there, "%", command))
    return found


def _by_case(finished: Sequence[Finished]) -> dict[str, list[Result]]:
    groups: dict[str, list[Result]] = {case.name: [] for case in CASES}
    for one in finished:
        if one.result is not None:
            s = one.point.settings
            groups[Case(*(s[field] for field in Case.__dataclass_fields__)).name].append(one.result)
    return {name: results for name, results in groups.items() if results}


def _mean(results: Sequence[Result], key: str) -> float:
    return float(np.mean([r[key] for r in results]))


def _spread(results: Sequence[Result]) -> float:
    errors = [r["deployed"] for r in results]
    return float(max(errors) - min(errors))


def _unit(name: str) -> str:
    return "V" if name.startswith("resistive") else "rail"


def figure(finished: Sequence[Finished]) -> Figure:
    """Draw errors against epochs for each family, and what every copy is worth alone."""
    taught = []
    for name, results in _by_case(finished).items():
        history = [r["history"] for r in results]
        taught.append(
            Taught(
                name.replace(", affine-projection", ""),
                "resistive" if name.startswith("resistive") else "hopfield",
                np.array([[e["copy_test_error"] for e in h] for h in history]),
                np.array([[e["settled_test_error"] for e in h] for h in history]),
                np.array([r["deployed"] for r in results]),
                np.array([r["settled"] for r in results]),
                followed="plain" not in name and "curve" not in name,
                beside=name.replace(" by ngspice", "").replace(", affine-projection", ""),
            )
        )
    return hybrid_figure(taught, title="Copies taught by circuits, and what they are worth alone")


EXPERIMENT = Experiment("hybrid_training", __doc__ or "", SMOKE, DEFAULT, FULL, points, teach, rows, figure)


def main(arguments: list[str] | None = None) -> int:
    """Run the experiment; see `analogeq.flow.experiment.main`."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
