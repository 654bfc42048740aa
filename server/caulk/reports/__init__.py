"""Findings as text and data, for people and for other programs."""
