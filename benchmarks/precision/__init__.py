"""How often caulk is right on code that nobody here wrote: real modules, and findings that were judged by reading."""
