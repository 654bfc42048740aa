"""Control flow and ownership: what happens to a value on every path of a function."""
