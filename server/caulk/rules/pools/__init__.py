"""Values of sync.Pool: put back, clean, once, and not used afterwards."""
