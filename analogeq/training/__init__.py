"""The loop: batches, schedules, checkpoints, resume, progress."""

from analogeq.training.config import TrainingConfig
from analogeq.training.digital_loop import DigitalTrainer
from analogeq.training.digital_records import DigitalEpoch, DigitalResult, DigitalSettings
from analogeq.training.evaluate import copy_error, error_percent, settled_error, settled_signals
from analogeq.training.loop import EpochRecord, Trainer, TrainingInterruptedError, TrainingResult, read_history
from analogeq.training.progress import ConsoleProgress, Progress, Silent

__all__ = [
    "ConsoleProgress",
    "DigitalEpoch",
    "DigitalResult",
    "DigitalSettings",
    "DigitalTrainer",
    "EpochRecord",
    "Progress",
    "Silent",
    "Trainer",
    "TrainingConfig",
    "TrainingInterruptedError",
    "TrainingResult",
    "copy_error",
    "error_percent",
    "read_history",
    "settled_error",
    "settled_signals",
]
