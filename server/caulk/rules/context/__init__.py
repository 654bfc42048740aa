"""Rules of the family: context."""
