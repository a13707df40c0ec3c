"""Datasets: the one asked for, or an error."""

from analogeq.data.catalogue import NAMES, load
from analogeq.data.dataset import Dataset, stratified_split

__all__ = ["NAMES", "Dataset", "load", "stratified_split"]
