"""What names and expressions mean: modules, packages, types, contracts. Control flow is not known here."""
