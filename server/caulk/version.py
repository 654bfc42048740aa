"""The version of caulk, kept apart so that ``caulk --version`` imports nothing else."""

__version__ = "0.1.0"
