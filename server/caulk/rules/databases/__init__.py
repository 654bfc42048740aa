"""Rules of the family: databases."""
