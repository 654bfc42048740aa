"""Locks that stay locked, and locks that wait for themselves."""
