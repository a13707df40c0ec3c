"""The feedforward copy and the digital baselines."""

from analogeq.digital.copy import FeedforwardCopy

__all__ = ["FeedforwardCopy"]
