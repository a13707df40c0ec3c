"""What accuracy costs: energy and time of an inference against its error, for circuits and for their digital copies.

    python sim/energy_time_error.py --full --data-dir FOLDER
    python sim/energy_time_error.py --smoke

784-N-10 on MNIST. Each network is trained once in software, by the settings of the papers (nothing is tuned): the
circuit alone, started from zero ("zero"), or together with a copy that starts and tethers it ("copy"; taught by affine
projections at the rate of `sim/copy_gap.py`, since plain steps leave a copy behind its circuit). Then it is
built: its weights go into the default technology, and native waveforms of a free phase are stopped after every time
that is listed. Varied besides are the bits of DACs and ADCs, and the unit conductance G0, with the devices' range as
it is; weights that do not fit it are clipped.

Energy is what conductances and clamps dissipate along the waveform (held against ngspice's own currents in the tests),
plus conversions at the technology's figure of merit, plus, where a copy starts the circuit, the copy's prediction.
That copy is digital in 8 bits (weights and signals, wide accumulators), and costs one multiply-accumulate and one byte
from memory for each weight (Horowitz, ISSCC 2014, 45 nm). Supplies of the amplifiers are not in it: no figure is
stated for them. Instead it says what supply would use up the lead that a circuit has over its copy. Front and figure
are means over seeds. The front is chosen by errors on images held back from training, the errors shown are test errors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit import Circuit, Conductances, Drive
from analogeq.controller import Schedule
from analogeq.controller.controller import presented
from analogeq.data import Dataset, load
from analogeq.digital import FeedforwardCopy
from analogeq.digital.few_bits import predict_rounded, rounded_copy
from analogeq.digital.operations import predicting
from analogeq.engines import Session, engine
from analogeq.engines.energy import phase_energy
from analogeq.flow.cost.hopfield import AMPLIFIERS, inference_conversions
from analogeq.flow.experiment import Experiment
from analogeq.flow.experiment import main as experiment_main
from analogeq.flow.measurements import Row, recorded
from analogeq.flow.pareto import pareto_front
from analogeq.flow.points import Finished, Point, Result, Settings
from analogeq.hardware import Converter, Technology
from analogeq.network import Network, Parameters
from analogeq.report import Figure
from analogeq.report.energy_time import CopyCost, Deployed, energy_time_figure
from analogeq.training import DigitalSettings, DigitalTrainer, TrainingConfig
from analogeq.training.evaluate import error_percent

Doubles = NDArray[np.float64]

COPY_BITS = 8
PIECES = ((10.0, 20), (30.0, 4))
"""Spans of a waveform in time constants, and points in one: most happens early."""
CHUNK = 50
QUARTILES = (7e-15, 35e-15)  # J a step, of converters that 20 fJ is about the median of: docs/cost.md
SPLITS = ("validation", "test")


@dataclass(frozen=True)
class Config:
    """What is trained, and how it is built."""

    data: str = "mnist"
    hidden: tuple[int, ...] = (10, 30, 100)
    starts: tuple[str, ...] = ("zero", "copy")
    epochs: int = 10
    batch: int = 20
    rates: tuple[float, ...] = (0.1, 0.05)
    copy_rate: float = 0.3
    samples: int = 10000
    times: tuple[float, ...] = (1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 40.0)
    bits: tuple[int, ...] = (3, 4, 6, 8)
    siemens: tuple[float, ...] = (2e-6, 10e-6, 50e-6)
    seeds: tuple[int, ...] = (0, 1, 2)


SMOKE = Config(
    "digits", hidden=(10, 30), epochs=20, batch=10, samples=60, bits=(2, 8), siemens=(5e-6, 10e-6), seeds=(0,)
)
DEFAULT = Config(hidden=(10, 30), epochs=2, samples=500, seeds=(0,))


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """Every network."""
    swept = ("hidden", "starts", "seeds")
    base: dict[str, Any] = {key: value for key, value in asdict(config).items() if key not in swept}
    base = {key: list(value) if isinstance(value, tuple) else value for key, value in base.items()}
    base["data_dir"] = None if data_dir is None else str(data_dir)
    return [
        Point(f"{hidden} hidden from {start} seed {seed}", {**base, "hidden": hidden, "start": start, "seed": seed})
        for seed in config.seeds
        for hidden in config.hidden
        for start in config.starts
    ]


def work(settings: Settings, folder: Path) -> Result:
    """Train, then build in every way and measure."""
    splits = _splits(settings)
    trainer = trainer_of(settings, splits["validation"])
    folder.mkdir(parents=True, exist_ok=True)
    trained = trainer.run(folder / "checkpoint.npz")
    copy = None
    if trained.copy is not None:
        copy = rounded_copy(replace(trained.copy, parameters=trained.copy.parameters.doubles()), COPY_BITS)
    ways = [built(settings, trainer.network, trained.circuit.doubles(), copy, splits, bits, g0)
            for bits, g0 in _variants(settings)]  # fmt: skip
    counts = {"macs": predicting(trainer.network), "nodes": trainer.network.n_nodes}
    return {"ways": ways, **counts, **_copy_alone(settings, trained.copy, copy, splits)}


def _splits(s: Settings) -> dict[str, Dataset]:
    """Training images with those held back from them, and with the test images."""
    where = None if s["data_dir"] is None else Path(s["data_dir"])
    return {name: load(s["data"], data_dir=where, validation=name == "validation", dtype=np.float32) for name in SPLITS}


def trainer_of(s: Settings, data: Dataset) -> DigitalTrainer:
    """Equilibrium propagation in software, with or without a copy."""
    config = TrainingConfig(
        epochs=s["epochs"],
        batch_size=s["batch"],
        rates=tuple(s["rates"]),
        copy_optimizer="affine-projection",
        copy_rates=(s["copy_rate"],) * len(s["rates"]),
        schedule=Schedule(0.5, "random-sign", 0.1 if s["start"] == "copy" else 0.0, 10.0, 2.0),
        initialise=s["start"] == "copy",
        seed=s["seed"],
        evaluate_settled_every=0,
    )
    network = Network.layered((data.n_inputs, s["hidden"], data.n_classes))
    return DigitalTrainer(network, data, config, DigitalSettings(0.5))


def _variants(s: Settings) -> list[tuple[int, float]]:
    """Bits at the default conductance; conductances at the most bits."""
    default, most = Technology().unit_conductance, max(s["bits"])
    return [(bits, default) for bits in s["bits"]] + [(most, g0) for g0 in s["siemens"] if g0 != default]


def built(
    s: Settings, network: Network, theta: Parameters, copy: FeedforwardCopy | None, splits: dict[str, Dataset],
    bits: int, siemens: float,
) -> dict[str, Any]:  # fmt: skip
    """Errors, seconds and joules of a chip after every time."""
    converter = Converter(bits=bits)
    tech = replace(Technology(), unit_conductance=siemens, dac=converter, adc=converter)
    circuit = Circuit(network, tech)
    held = circuit.program(theta)
    found: dict[str, Any] = {"bits": bits, "siemens": siemens, "clipped": held.clipped}
    with engine("native").open(circuit) as session:
        session.program(held)
        for name, data in splits.items():
            inputs, labels = data.x_test[: s["samples"]].astype(np.float64), data.y_test[: s["samples"]]
            parts = [
                phase(session, held, inputs[k : k + CHUNK], copy, s["times"]) for k in range(0, len(inputs), CHUNK)
            ]
            outputs, heat = (np.concatenate(each, axis=1) for each in zip(*parts, strict=True))
            found[f"{name} error"] = [error_percent(at, labels) for at in outputs]
            found[f"{name} heat"] = heat.mean(axis=1).tolist()
    conversions = inference_conversions(circuit, initialise=copy is not None).energy(tech.cost)
    return {**found, "converters": sum(joules or 0.0 for joules in conversions.values()),
            "seconds": [time * tech.time_constant for time in s["times"]]}  # fmt: skip


def phase(
    session: Session, held: Conductances, inputs: Doubles, copy: FeedforwardCopy | None, times: Sequence[float]
) -> tuple[Doubles, Doubles]:
    """What is read after every time, shape (time, sample, output), and the joules up to then, shape (time, sample)."""
    circuit, tech = session.circuit, session.circuit.technology
    prediction = None if copy is None else predict_rounded(copy, inputs, COPY_BITS)
    drive = presented(tech, inputs, prediction, 0.1)
    at = np.zeros((len(inputs), circuit.network.n_nodes))
    if prediction is not None:
        at = np.clip(tech.dac.to_volts(prediction * tech.rail, tech.rail, "nodes"), 0.0, tech.rail)
    reached, voltages, heat = _followed(session, held, drive, at)
    chosen = [int(np.argmin(np.abs(reached - time))) for time in times]
    read = voltages[:, chosen][..., circuit.network.outputs]
    outputs = tech.adc.to_codes(read, tech.rail, "nodes").astype(np.float64)
    return np.moveaxis(outputs, 1, 0), heat[:, chosen].T


def _followed(session: Session, held: Conductances, drive: Drive, start: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Times in time constants, voltages, and joules up to then, piece by piece."""
    tau = session.circuit.technology.time_constant
    times, voltages, heat = [np.zeros(1)], [start[:, None]], [np.zeros((len(start), 1))]
    for span, density in PIECES:
        wave = session.transient(drive, span * tau, voltages[-1][:, -1], points=round(span * density) + 1)
        spent = phase_energy(session.circuit, held, drive, wave).dissipated
        times.append(times[-1][-1] + wave.times[1:] / tau)
        heat.append(heat[-1][:, -1:] + spent[:, 1:])
        voltages.append(wave.voltages[:, 1:])
    return np.concatenate(times), np.concatenate(voltages, axis=1), np.concatenate(heat, axis=1)


def _copy_alone(
    s: Settings, full: FeedforwardCopy | None, rounded: FeedforwardCopy | None, splits: dict[str, Dataset]
) -> Result:
    if full is None or rounded is None:
        return {}
    outputs = full.network.outputs
    found = {}
    for name, data in splits.items():
        inputs, labels = data.x_test[: s["samples"]], data.y_test[: s["samples"]]
        found[f"copy {name} error"] = error_percent(full.predict(inputs)[:, outputs], labels)
        signals = predict_rounded(rounded, inputs.astype(np.float64), COPY_BITS)
        found[f"rounded copy {name} error"] = error_percent(signals[:, outputs], labels)
    return found


def copy_joules(macs: int, *, memory: bool = True) -> float:
    """Prediction of the copy in 8 bits: arithmetic, and a byte from memory for each weight."""
    cost = Technology().cost
    return macs * ((cost.int8_energy or 0.0) + memory * (cost.access_energy or 0.0) / 8.0)


Key = tuple[int, str, int, float]
Run = tuple[Result, dict[str, Any]]


def deployed(finished: Sequence[Finished]) -> list[Deployed]:
    """Every chip after every time, means over seeds."""
    groups: dict[Key, list[Run]] = {}
    for one in finished:
        for way in one.result["ways"] if one.result is not None else ():
            key = one.point.settings["hidden"], one.point.settings["start"], way["bits"], way["siemens"]
            groups.setdefault(key, []).append((one.result or {}, way))
    times = finished[0].point.settings["times"]
    return [_mean(key, runs, k, times[k]) for key, runs in groups.items() for k in range(len(times))]


def _mean(key: Key, runs: list[Run], k: int, time: float) -> Deployed:
    hidden, start, bits, siemens = key
    ways = [way for _, way in runs]
    heat = float(np.mean([way["test heat"][k] for way in ways]))
    own = copy_joules(runs[0][0]["macs"]) if start == "copy" else 0.0
    validation, test = (float(np.mean([way[f"{name} error"][k] for way in ways])) for name in SPLITS)
    joules = heat, ways[0]["converters"], own
    return Deployed(hidden, start, bits, siemens, time, ways[0]["seconds"][k], *joules, validation, test)


def copies(finished: Sequence[Finished]) -> list[CopyCost]:
    """The copies alone, in 8 bits, means over seeds."""
    found: dict[int, list[Result]] = {}
    for one in finished:
        if one.result is not None and "copy test error" in one.result:
            found.setdefault(one.point.settings["hidden"], []).append(one.result)
    return [
        CopyCost(hidden, copy_joules(runs[0]["macs"]), *(
            float(np.mean([run[name] for run in runs])) for name in ("rounded copy test error", "copy test error")
        ))
        for hidden, runs in found.items()
    ]  # fmt: skip


def front_of(chips: Sequence[Deployed]) -> list[Deployed]:
    """Chips that no other beats in validation error, energy and time together, by energy."""
    costs = np.array([[chip.validation_error, chip.joules, chip.seconds] for chip in chips])
    return sorted((chip for chip, kept in zip(chips, pareto_front(costs), strict=True) if kept), key=lambda c: c.joules)


def rows_of(finished: Sequence[Finished], command: str) -> list[Row]:
    """Times at the default technology, the front, the copies, and what amplifiers may take."""
    chips = deployed(finished)
    if not chips:
        return []
    listed = [*_by_time(finished, chips), *_others(finished, chips), *_front(chips), *_copies(finished, chips)]
    return [recorded(case, value, unit, command) for case, value, unit in listed]


Listed = Iterator[tuple[str, float, str]]


def _is_default(chip: Deployed, finished: Sequence[Finished]) -> bool:
    return chip.bits == max(finished[0].point.settings["bits"]) and chip.siemens == Technology().unit_conductance


def _by_time(finished: Sequence[Finished], chips: Sequence[Deployed]) -> Listed:
    for chip in (chip for chip in chips if _is_default(chip, finished)):
        name = f"{chip.hidden} hidden from {chip.start}, {chip.time:g} tau"
        yield f"{name}: test error", chip.test_error, "%"
        yield f"{name}: inference", 1e9 * chip.joules, "nJ"
        yield f"{name}: heat of the phase", 1e9 * chip.heat, "nJ"
        for step in QUARTILES if chip.time == 3.0 else ():
            own = (step / (Technology().cost.adc_energy_per_step or step) - 1.0) * chip.converters
            yield f"{name}: inference at {1e15 * step:g} fJ a step", 1e9 * (chip.joules + own), "nJ"


def _others(finished: Sequence[Finished], chips: Sequence[Deployed]) -> Listed:
    """Other bits and conductances, after ten time constants."""
    for chip in chips:
        if chip.time == 10.0:
            name = f"{chip.hidden} hidden from {chip.start}, {chip.bits} bits, G0 {1e6 * chip.siemens:g} uS, 10 tau"
            yield f"{name}: test error", chip.test_error, "%"
            yield f"{name}: inference", 1e9 * chip.joules, "nJ"
            yield f"{name}: time", 1e6 * chip.seconds, "us"
    for one in finished:
        for way in one.result["ways"] if one.result is not None else ():
            if way["clipped"]:
                yield f"{one.point.name}, G0 {1e6 * way['siemens']:g} uS: clipped weights", way["clipped"], "1"


def _front(chips: Sequence[Deployed]) -> Listed:
    for place, chip in enumerate(front_of(chips), start=1):
        name = f"front {place}, {chip.name}"
        yield f"{name}: test error", chip.test_error, "%"
        yield f"{name}: inference", 1e9 * chip.joules, "nJ"
        yield f"{name}: time", 1e6 * chip.seconds, "us"


def _copies(finished: Sequence[Finished], chips: Sequence[Deployed]) -> Listed:
    """The copies alone, and the supply of an amplifier at which a circuit from zero, after 10 tau, takes as much."""
    nodes = {one.point.settings["hidden"]: one.result["nodes"] for one in finished if one.result is not None}
    share = copy_joules(1, memory=False) / copy_joules(1)
    for copy in copies(finished):
        name = f"copy of {copy.hidden} hidden"
        yield f"{name}, 8 bits: test error", copy.test_error, "%"
        yield f"{name}, float32: test error", copy.full_error, "%"
        yield f"{name}, 8 bits: prediction", 1e9 * copy.joules, "nJ"
        yield f"{name}, 8 bits: its arithmetic alone", 1e9 * copy.joules * share, "nJ"
        for chip in chips:
            if (chip.hidden, chip.start, chip.time) == (copy.hidden, "zero", 10.0) and _is_default(chip, finished):
                spare = (copy.joules - chip.joules) / (AMPLIFIERS * nodes[copy.hidden] * chip.seconds)
                yield f"{copy.hidden} hidden, 10 tau: supply of an amplifier that makes it even", 1e6 * spare, "uW"


def draw(finished: Sequence[Finished]) -> Figure:
    """Energy and time against error."""
    chips = deployed(finished)
    settings = finished[0].point.settings
    title = f"What accuracy costs: an inference by circuits and by their digital copies ({settings['data']})"
    default = [chip for chip in chips if _is_default(chip, finished)]
    return energy_time_figure(default, chips, front_of(chips), copies(finished), title=title)


EXPERIMENT = Experiment("energy_time_error", __doc__, SMOKE, DEFAULT, Config(), points, work, rows_of, draw)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
