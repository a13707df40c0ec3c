"""The feedforward copy and the digital baselines."""

from analogeq.digital.backprop import backpropagate
from analogeq.digital.copy import FeedforwardCopy
from analogeq.digital.relaxation import EulerRelaxation, Forces

__all__ = ["EulerRelaxation", "FeedforwardCopy", "Forces", "backpropagate"]
