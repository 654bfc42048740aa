"""Rules of the family: requests."""
