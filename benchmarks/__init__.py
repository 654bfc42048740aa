"""Measurements that need more than the tests have: time, memory, other people's code."""
