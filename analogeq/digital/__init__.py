"""The feedforward copy and the digital baselines."""

from analogeq.digital.activation import HARD_SIGMOID, Activation
from analogeq.digital.adaptive import AdaptiveSteps
from analogeq.digital.arithmetic import Arithmetic, choose_arithmetic
from analogeq.digital.backprop import backpropagate, backpropagate_layers, descend
from analogeq.digital.copy import FeedforwardCopy
from analogeq.digital.layered import EulerSteps, Sweeps, feed_forward, pull_of, settle
from analogeq.digital.matching import Match, match_steps
from analogeq.digital.relaxation import EulerRelaxation, Forces
from analogeq.digital.tabulated import TabulatedActivation
from analogeq.digital.weights import LayeredWeights

__all__ = [
    "HARD_SIGMOID",
    "Activation",
    "AdaptiveSteps",
    "Arithmetic",
    "EulerRelaxation",
    "EulerSteps",
    "FeedforwardCopy",
    "Forces",
    "LayeredWeights",
    "Match",
    "Sweeps",
    "TabulatedActivation",
    "backpropagate",
    "backpropagate_layers",
    "choose_arithmetic",
    "descend",
    "feed_forward",
    "match_steps",
    "pull_of",
    "settle",
]
