"""Tools for the developers of caulk; not in the wheel."""
