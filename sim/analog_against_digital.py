"""How long a circuit settles, how many digital steps that is, and what that costs: 1 to 8 hidden layers.

    python sim/analog_against_digital.py --full
    python sim/analog_against_digital.py --smoke

64-32-…-32-10 on the bundled digits, default technology (C = 1 pF, G0 = 10 uS: tau = 100 ns; rail 1 V). Three kinds
of weights: "Glorot", as the papers start; "chain", orthogonal couplings just below the strength at which several
minima appear (`analogeq.network.orthogonal_chain`); and "trained", a chain after training by initialised
equilibrium propagation. The copies of all three learned by affine projections, beside their circuit.

Each settles test digits: free from zero, from the copy, from the copy with its tether, from the state that the same
digit settled to under the weights before the last update and before the last epoch; nudged from the free state and
from zero. A distance is that of the farthest node to where the same way of settling ends from the same start, over
the rail; the circuit is "within 1 %" once it stays there. Compared with: Euler steps of 0.1, 0.5 and 0.9, sweeps
that put every other layer where the rest wants it (coordinate descent by blocks), and, on one digit of one seed,
ngspice. Joules are what all conductances dissipate until then (`analogeq.circuit.power`: the amplifiers' own supply
is not in it); those of digital steps are multiply-accumulates times what one of float32 takes in 45 nm CMOS at 0.9 V,
memory left out: 3.7 pJ and 0.9 pJ for multiplication and addition (Horowitz, "Computing's energy problem", ISSCC
2014, Fig. 1.1.9).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analogeq.controller import Schedule
from analogeq.data import Dataset, load
from analogeq.digital import LayeredWeights
from analogeq.engines.ngspice import NgspiceEngine
from analogeq.flow.experiment import Experiment
from analogeq.flow.experiment import main as experiment_main
from analogeq.flow.growth import growth
from analogeq.flow.measurements import Row, recorded
from analogeq.flow.points import Finished, Point, Result, Settings
from analogeq.flow.ways import METHODS, NAMES, Phases, Ways
from analogeq.flow.ways_found import WaysFound
from analogeq.hardware import Technology
from analogeq.network import Network, glorot_uniform, orthogonal_chain
from analogeq.report import Figure
from analogeq.report.depth import DepthCurve, DepthPanel, depth_figure
from analogeq.training import DigitalSettings, DigitalTrainer, TrainingConfig

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Config:
    """What is measured.

    ``rates`` [1/depth] are the outputs' learning rates by depth, each layer below learns ``rate_growth`` times as fast;
    chosen, with ``epochs`` and ``gain``, among some 30 settings by the error on samples held out of the training set.
    ``spice_depths`` are followed by ngspice, too, for ``spice_horizon`` time constants at most.
    """

    depths: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 8)
    width: int = 32
    kinds: tuple[str, ...] = ("Glorot", "chain", "trained")
    gain: float = 0.48
    rates: tuple[float, ...] = (0.02, 0.016, 0.0125, 0.01, 0.008, 0.006, 0.005, 0.004)
    rate_growth: float = 1.3
    copy_rate: float = 0.3
    beta: float = 0.2
    tether: float = 0.1
    epochs: int = 60
    samples: int = 4
    horizon: float = 1000.0
    spice_depths: tuple[int, ...] = (1, 2, 4, 8)
    spice_horizon: float = 60.0
    seeds: tuple[int, ...] = (0, 1, 2)


SMOKE = Config(
    depths=(1, 2, 3),
    width=8,
    kinds=("chain", "trained"),
    epochs=2,
    samples=2,
    horizon=100.0,
    spice_depths=(1,),
    seeds=(0,),
)
DEFAULT = Config(depths=(1, 2, 4, 6), epochs=20, spice_depths=(1,), seeds=(0,))


def points(config: Config, data_dir: Path | None) -> list[Point]:
    """Every depth, kind and seed; the digits are bundled."""
    del data_dir
    base: dict[str, Any] = asdict(config)
    for key in ("depths", "kinds", "seeds", "rates", "spice_depths"):
        del base[key]
    return [
        Point(
            f"{kind} depth {depth} seed {seed}",
            {
                **base,
                "kind": kind,
                "depth": depth,
                "seed": seed,
                "rate": config.rates[depth - 1],
                "spice": depth in config.spice_depths and seed == config.seeds[0],
            },
        )
        for seed in config.seeds
        for depth in config.depths
        for kind in config.kinds
    ]


def work(settings: Settings, folder: Path) -> Result:
    """Train one network, or its copy alone, and settle it from every start."""
    del folder
    data, s = load("digits"), settings
    network = Network.layered((data.n_inputs, *[s["width"]] * s["depth"], data.n_classes))
    ways, errors = _taught(s, network, data)
    found = {start: ways.measure(start) for start in ways.starts}
    return {"starts": found, "spice": _spice_too(ways, s) if s["spice"] else {}, **errors}


def _spice_too(ways: Ways, s: Settings) -> Result:
    with NgspiceEngine(workers=1, time_limit=300.0).open(ways.circuit) as session:
        return {start: ways.first_sample(session, start, s["spice_horizon"]) for start in ("zero", "copy")}


def _taught(s: Settings, network: Network, data: Dataset) -> tuple[Ways, dict[str, float | None]]:
    moving = s["kind"] == "trained"
    layers = s["depth"] + 1
    rates = tuple(s["rate"] * s["rate_growth"] ** (layers - 1 - k) if moving else 0.0 for k in range(layers))
    config = TrainingConfig(
        epochs=s["epochs"], batch_size=20, rates=rates, copy_rates=(s["copy_rate"],) * layers,
        copy_optimizer="affine-projection", seed=s["seed"], evaluate_settled_every=0,
        schedule=Schedule(s["beta"], "centred", s["tether"], free_time=100.0, nudged_time=50.0),
    )  # fmt: skip
    trainer = DigitalTrainer(network, data, config, DigitalSettings(fastest=True))
    rng = np.random.default_rng((s["seed"], s["depth"]))
    mean = data.x_train.mean(axis=0)
    start = glorot_uniform(network, rng) if s["kind"] == "Glorot" else None
    first = orthogonal_chain(network, rng, gain=s["gain"], inputs=mean) if start is None else start
    trainer.circuit = LayeredWeights(network, first)
    before = {}
    for _ in range(s["epochs"]):
        before["last epoch"] = trainer.circuit.parameters()
        trainer.run_epoch()
    last = trainer.history[-1]
    errors = {"settled_test_error": last.settled_test_error, "copy_test_error": last.copy_test_error}
    before["last update"] = trainer.circuit.parameters()
    trainer.train_minibatch(np.arange(config.batch_size), 1.0)
    copy = trainer.feedforward_copy()
    assert copy is not None  # noqa: S101  the config initialises, so a copy is trained
    chosen = np.linspace(0, len(data.x_test) - 1, s["samples"]).astype(np.intp)
    phases = Phases(data.x_test[chosen], data.targets(data.y_test[chosen]), s["beta"], s["tether"], s["horizon"])
    return Ways(network, trainer.circuit.parameters(), copy, phases, before if moving else {}), errors


def rows(finished: Sequence[Finished], command: str) -> list[Row]:
    """Times, steps, joules and how they grow."""
    found = WaysFound(finished)
    listed = [*_errors(found), *_ways(found), *_savings(found), *_growths(found), *_spice(found)]
    return [recorded(case, value, unit, command) for case, value, unit in listed if np.isfinite(value)]


Listed = Iterator[tuple[str, float, str]]


def _errors(found: WaysFound) -> Listed:
    for depth in found.depths:
        for key, name in (("settled_test_error", "settled"), ("copy_test_error", "copy")):
            values = [one.result[key] for one in found.of("trained", depth) if one.result]
            yield f"trained, {depth} hidden: test error, {name}", float(np.median(values)), "%"


def _ways(found: WaysFound) -> Listed:
    """Every way to each distance, from zero and from the copy, at some depths."""
    tau = Technology().time_constant
    some = [d for d in found.depths if d in (1, 2, 4, 8)]
    for kind in found.kinds:
        for depth in some:
            at = found.depths.index(depth)
            for start in ("zero", "copy"):
                for to in NAMES.values():
                    case = f"{kind}, {depth} hidden, from {start}, to {to}"
                    for method in METHODS:
                        value = float(np.median(found.medians(kind, start, method, to)[at]))
                        yield f"{case}: {method}", value, "tau" if method == "circuit" else "steps"
                    seconds = float(np.median(found.medians(kind, start, "circuit", to)[at])) * tau
                    yield f"{case}: circuit's time", seconds * 1e6, "us"
                    yield f"{case}: circuit's energy", _nano(found, kind, start, "joules", to, at), "nJ"
                    yield f"{case}: Euler 0.5's energy", _nano(found, kind, start, "Euler 0.5 joules", to, at), "nJ"
                    yield f"{case}: sweeps' energy", _nano(found, kind, start, "sweeps joules", to, at), "nJ"


def _nano(found: WaysFound, kind: str, start: str, what: str, to: str, at: int) -> float:
    return 1e9 * float(np.median(found.medians(kind, start, what, to)[at]))


def _savings(found: WaysFound) -> Listed:
    """Time from each start over that from zero; and how often methods end where the circuit does."""
    for kind in found.kinds:
        for to in NAMES.values():
            for start in found.starts(kind):
                reference = "nudged from zero" if start.startswith("nudged") else "zero"
                if start == reference:
                    continue
                there = found.medians(kind, start, "circuit", to), found.medians(kind, reference, "circuit", to)
                both = np.isfinite(there[0]) & np.isfinite(there[1])
                if both.any():
                    ratio = float(np.median(there[0][both] / there[1][both]))
                    yield f"{kind}, all depths, to {to}: time {_from(start)} over {_from(reference)}", ratio, "x"
        for method in METHODS[1:]:
            same = [one.result["starts"]["zero"]["same end"][method] for one in found.of(kind) if one.result]
            total = sum(one.point.settings["samples"] for one in found.of(kind))
            yield f"{kind}, from zero: {method} ends where the circuit does", 100.0 * sum(same) / total, "% of digits"
        digits = [v for one in found.of(kind) if one.result for v in one.result["starts"]["zero"]["circuit"]["1e-6"]]
        arrived = 100.0 * sum(v is not None for v in digits) / len(digits)
        yield f"{kind}, from zero: circuits within 1e-6 in time", arrived, "% of digits"


def _from(start: str) -> str:
    return start if start.startswith("nudged") else f"from {start}"


def _growths(found: WaysFound) -> Listed:
    """The laws of growth with depth: from every start to 0.1 %, from zero to every distance."""
    for kind in found.kinds:
        for start in found.starts(kind):
            yield from _growth(found, kind, start, "circuit", "0.1 %")
        for to in ("1 %", "1e-6"):
            yield from _growth(found, kind, "zero", "circuit", to)
        for what in ("Euler 0.5", "sweeps", "joules"):
            yield from _growth(found, kind, "zero", what, "0.1 %")


def _growth(found: WaysFound, kind: str, start: str, what: str, to: str) -> Listed:
    values = found.medians(kind, start, what, to)
    depths = np.repeat(np.array(found.depths, dtype=np.float64)[:, None], values.shape[1], axis=1)
    laws = growth(depths.ravel(), np.where(values > 0.0, values, np.inf).ravel())
    if not laws:
        return
    case, best, second = f"{kind}, {_from(start)}, to {to}: growth of {what} with depth", laws[0], laws[1]
    yield f"{case}, b of the best law", best.b, f"+- {best.b_error:.2g}, {best.law}"
    yield f"{case}, its misfit", 100.0 * best.misfit, f"% of {best.values} of {values.size} medians"
    yield f"{case}, Akaike's difference of the next law", second.aic_difference, second.law
    power = next(law for law in laws if law.law == "power law")
    yield f"{case}, exponent of a power law", power.b, f"+- {power.b_error:.2g}"


def _spice(found: WaysFound) -> Listed:
    """How far ngspice's times and energies are from the native engine's, for the same digit."""
    apart: dict[str, list[float]] = {}
    for one in found.finished:
        for start, theirs in (one.result or {}).get("spice", {}).items():
            ours = (one.result or {})["starts"][start]
            for key, field in (("circuit", "time"), ("joules", "energy")):
                for to, values in theirs[key].items():
                    if values[0] is not None and ours[key][to][0]:
                        apart.setdefault(f"{field} to {to}", []).append(abs(values[0] / ours[key][to][0] - 1.0))
    for case, values in apart.items():
        yield f"ngspice against native, {case}: largest difference", 100.0 * max(values), "%"
        yield f"ngspice against native, {case}: compared", float(len(values)), "settlings"


def figure(finished: Sequence[Finished]) -> Figure:
    """Starts, weights, digital steps and joules against depth."""
    found = WaysFound(finished)
    kind = "trained" if "trained" in found.kinds else found.kinds[-1]
    starts = [s for s in found.starts(kind) if s not in ("tethered copy", "nudged from zero")]
    left = [_curve(found, kind, s, "circuit", _from(s), k, dashed=s != "zero") for k, s in enumerate(starts)]
    kinds = [_curve(found, k, "zero", "circuit", k, c, law=True) for c, k in enumerate(found.kinds)]
    steps = [_curve(found, kind, "zero", m, m, c) for c, m in enumerate(METHODS)]
    names = {"joules": "circuit", "Euler 0.5 joules": "Euler 0.5, float32", "sweeps joules": "sweeps, float32"}
    work = [
        _curve(found, kind, s, what, f"{name}, {_from(s)}", c, dashed=s == "copy", scale=1e9)
        for c, (what, name) in enumerate(names.items())
        for s in ("zero", "copy")
    ]
    panels = [
        DepthPanel(f"{kind}, by start", "time to 0.1 % [τ]", left),
        DepthPanel("from zero, by weights, with the best law", "time to 0.1 % [τ]", kinds),
        DepthPanel(f"{kind}, from zero: digital steps", "steps to 0.1 %, or τ", steps),
        DepthPanel(f"{kind}: energy of a free phase", "energy to 0.1 % [nJ]", work),
    ]
    width = finished[0].point.settings["width"]
    title = f"Analog against digital: hidden layers of {width}, C = 1 pF, G₀ = 10 µS"
    return depth_figure(panels, title=title, columns=2)


def _curve(
    found: WaysFound, kind: str, start: str, what: str, label: str, colour: int,
    *, dashed: bool = False, law: bool = False, scale: float = 1.0,
) -> DepthCurve:  # fmt: skip
    depths, values = np.array(found.depths), scale * found.medians(kind, start, what, "0.1 %")
    everywhere = np.repeat(depths[:, None].astype(np.float64), values.shape[1], axis=1)
    laws = growth(everywhere.ravel(), np.where(values > 0.0, values, np.inf).ravel()) if law else ()
    fitted = laws[0].at(depths.astype(np.float64)) if laws else None
    drawn = np.where(values > 0.0, values, np.nan)  # what starts within the distance has no place on a logarithm
    return DepthCurve(f"{label}: {laws[0].law}" if laws else label, depths, drawn, colour, dashed, fitted)


EXPERIMENT = Experiment("analog_against_digital", __doc__ or "", SMOKE, DEFAULT, Config(), points, work, rows, figure)


def main(arguments: list[str] | None = None) -> int:
    """Run the experiment."""
    return experiment_main(EXPERIMENT, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
