"""What can go wrong in training, as sentences."""


class TrainingError(RuntimeError):
    """Training cannot start or go on: what was found, what is wanted, what to do."""
