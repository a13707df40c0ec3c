"""From options to a config: what is given reaches it, and belongs to the circuit's family."""

import pytest

from analogeq.circuit import Circuit
from analogeq.circuit.resistive import ResistiveCircuit
from analogeq.errors import InputError
from analogeq.flow.options import TrainOptions, config_of
from analogeq.hardware import Technology
from analogeq.hardware.resistive import ResistiveTechnology
from analogeq.network import Network
from analogeq.training import ResistiveTrainingConfig, TrainingConfig

NETWORK = Network.layered((4, 3, 2))
HOPFIELD, RESISTIVE = Circuit(NETWORK, Technology()), ResistiveCircuit(NETWORK, ResistiveTechnology())


def test_how_the_copy_is_taught_reaches_the_config() -> None:
    options = TrainOptions(copy_optimizer="affine-projection", copy_loss="matching", copy_activation="knees")
    config = config_of(HOPFIELD, options)
    assert isinstance(config, TrainingConfig)
    assert (config.copy_optimizer, config.copy_loss, config.copy_activation) == (
        "affine-projection",
        "matching",
        "knees",
    )
    usual = config_of(HOPFIELD, TrainOptions())
    assert (usual.copy_optimizer, usual.copy_loss, usual.copy_activation) == ("plain", "squared", "hard-sigmoid")


def test_both_families_know_the_loss_and_one_the_activation() -> None:
    assert config_of(RESISTIVE, TrainOptions(copy_loss="matching")).copy_loss == "matching"
    with pytest.raises(InputError, match=r"--copy-activation: belongs to circuits of the hopfield family"):
        config_of(RESISTIVE, TrainOptions(copy_activation="knees"))


def test_where_first_conductances_are_drawn_is_an_option_of_resistive_circuits() -> None:
    config = config_of(RESISTIVE, TrainOptions(first_spread=0.5))
    assert isinstance(config, ResistiveTrainingConfig)
    assert config.first_spread == 0.5
    with pytest.raises(InputError, match="--first-spread: belongs to circuits of the resistive family"):
        config_of(HOPFIELD, TrainOptions(first_spread=0.5))
