"""Timers and tickers that live on, and those that are waited for in vain."""
