"""The typed tree of Go that everything above the syntax works on."""
