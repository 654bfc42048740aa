"""Whether the fixes leave real modules as they were but for the leaks: they build, vet, pass their tests, and stay formatted."""
