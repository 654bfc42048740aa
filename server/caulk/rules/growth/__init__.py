"""Rules of the family: growth."""
