"""Whole trees: which files, in which order, on how many processes."""
