"""The catalogue: one module a rule, with its page beside it."""
