"""The loop: batches, schedules, checkpoints, resume, progress."""
