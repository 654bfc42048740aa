"""Rules about goroutines, channels and wait groups."""
