"""Rules of the family: http."""
