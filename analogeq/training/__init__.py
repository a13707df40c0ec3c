"""The loop: batches, schedules, checkpoints, resume, progress."""

from analogeq.training.config import Plan, TrainingConfig
from analogeq.training.digital_loop import DigitalTrainer
from analogeq.training.digital_records import DigitalEpoch, DigitalResult, DigitalSettings
from analogeq.training.evaluate import copy_error, error_percent, settled_signals
from analogeq.training.learner import Learned, Learner, Tally
from analogeq.training.loop import EpochRecord, Trainer, TrainingInterruptedError, TrainingResult, read_history
from analogeq.training.progress import ConsoleProgress, Progress, Silent
from analogeq.training.resistive_config import ResistiveTrainingConfig

__all__ = [
    "ConsoleProgress",
    "DigitalEpoch",
    "DigitalResult",
    "DigitalSettings",
    "DigitalTrainer",
    "EpochRecord",
    "Learned",
    "Learner",
    "Plan",
    "Progress",
    "ResistiveTrainingConfig",
    "Silent",
    "Tally",
    "Trainer",
    "TrainingConfig",
    "TrainingInterruptedError",
    "TrainingResult",
    "copy_error",
    "error_percent",
    "read_history",
    "settled_signals",
]
